/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A timeline that is made up, as a table, byte for byte, and as a picture.
 */
#include "timeline_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SPAN(begin, took)                                             \
	{                                                             \
		.took_place = true, .begin_ms = (begin), .ms = (took) \
	}

static struct timeline_process processes[] = {
	{
		.pid = 4711,
		.found = FOUND_RUNNING,
		.is_bytes_known = true,
		.bytes = 8ull << 30,
		.lock_tries = 3,
		.steps = { [STEP_LOCK] = SPAN(40, 25), [STEP_WRITE] = SPAN(500, 500) },
	},
	{ .pid = 12, .found = FOUND_CHECKPOINTED },
};

static const struct timeline dump = {
	.succeeded = true,
	.began = 1795883410.9,
	.parallel = 2,
	.others = 1,
	.runs = 6,
	.phases = { [PHASE_FIND] = SPAN(2.7, 31.25), [PHASE_CHECKPOINT] = SPAN(70, 930) },
	.processes = processes,
	.process_count = 2,
};

static char *print(void (*print_timeline)(FILE *, const struct timeline *),
		   const struct timeline *timeline)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	print_timeline(stream, timeline);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void the_table_has_what_took_place(void **state)
{
	static const char expected[] =
		"dump       succeeded, 2026-11-28 16:30:10 UTC, 1000.0 ms\n"
		"processes  2 with CUDA, others: 1; at once: up to 2; "
		"runs of cuda-checkpoint: 6\n"
		"\n"
		"all               begin         took  (ms)\n"
		"find                2.7         31.2\n"
		"checkpoint         70.0        930.0\n"
		"\n"
		"       pid      memory  found                    lock            write"
		"  (begin +took, ms)\n"
		"      4711     8.0 GiB  running                40 +25         500 +500"
		"  (lock: 3 tries)\n"
		"        12           ?  checkpointed                -                "
		"-\n";
	char *text autofree = print(timeline_text, &dump);

	(void)state;
	assert_string_equal(text, expected);
}

static void a_dump_of_no_process_is_a_table_too(void **state)
{
	static const struct timeline none = { .is_restore = true };
	char *text autofree = print(timeline_text, &none);

	(void)state;
	assert_string_equal(text, "restore    failed, 1970-01-01 00:00:00 UTC, 0.0 ms\n"
				  "processes  0 with CUDA, others: 0; at once: up to 0; "
				  "runs of cuda-checkpoint: 0\n"
				  "\n"
				  "all               begin         took  (ms)\n");
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("there is no %s in:\n%s", part, text);
}

/* The bars are 730 wide, from 150 on, for 1000 ms. */
static void the_picture_has_a_bar_for_each_step(void **state)
{
	char *text autofree = print(timeline_svg, &dump);

	(void)state;
	assert_has(text, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\"");
	assert_has(text, ">dump of 2 processes with CUDA: succeeded, 1000 ms "
			 "(2026-11-28 16:30:10 UTC)</text>");
	assert_has(text, ">pid 4711, 8.0 GiB</text>");
	assert_has(text, ">pid 12</text>");
	assert_has(text,
		   "<rect class=\"bar lock\" x=\"179.20\" y=\"99\" width=\"18.25\" "
		   "height=\"14\"><title>lock: 25.000 ms, from 40.000 ms on</title>");
	assert_has(text, "<rect class=\"bar write\" x=\"515.00\" y=\"99\" "
			 "width=\"365.00\"");
	assert_has(text, ">write 500 ms</text>");
	assert_has(text, ">200 ms</text>");
	assert_null(strstr(text, "bar unlock\" x=\"150.00"));
	assert_string_equal(text + strlen(text) - 7, "</svg>\n");
}

static void what_took_no_time_has_a_picture_too(void **state)
{
	static const struct timeline none = { .phases = { [PHASE_FIND] = SPAN(0, 0) } };
	char *text autofree = print(timeline_svg, &none);

	(void)state;
	assert_has(text, "<rect class=\"bar find\" x=\"150.00\" y=\"79\" width=\"1.00\"");
	assert_null(strstr(text, "nan"));
}

static unsigned int count(const char *text, const char *part)
{
	unsigned int found = 0;

	while ((text = strstr(text, part))) {
		found++;
		text += strlen(part);
	}

	return found;
}

static void the_scale_has_a_few_ticks_for_any_duration(void **state)
{
	double end_ms = 0.001;

	(void)state;
	while (end_ms < TIMELINE_MS_MAX) {
		const struct timeline timeline = {
			.phases = { [PHASE_FIND] = SPAN(end_ms / 2, end_ms / 2) }
		};
		char *text autofree = print(timeline_svg, &timeline);
		unsigned int ticks = count(text, "class=\"tick\"");

		if (ticks < 2 || ticks > 9)
			fail_msg("%f ms: %u ticks", end_ms, ticks);
		end_ms *= 1.7;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_what_took_place),
		cmocka_unit_test(a_dump_of_no_process_is_a_table_too),
		cmocka_unit_test(the_picture_has_a_bar_for_each_step),
		cmocka_unit_test(what_took_no_time_has_a_picture_too),
		cmocka_unit_test(the_scale_has_a_few_ticks_for_any_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
