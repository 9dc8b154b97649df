/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is understood of a line of the plugin, and what is refused.
 */
#include "timeline.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define HEAD                                                                    \
	"\"format\":1,\"operation\":\"dump\",\"succeeded\":true,\"began\":1.5," \
	"\"parallel\":8,\"others\":100,\"runs\":7"
#define PHASES	  ",\"phases\":{\"lock\":{\"begin_ms\":1.25,\"ms\":3}}"
#define PID	  "{\"pid\":11,\"found\":\"running\",\"bytes\":1073741824"
#define LINE(p)	  "{" HEAD PHASES ",\"processes\":[" p "]}"
#define STEP(key) PID ",\"" key "\":{\"begin_ms\":5,\"ms\":6}}"

static int parse(const char *text, struct timeline *ret, char reason[REASON_MAX])
{
	reason[0] = '\0';
	return timeline_parse(text, strlen(text), ret, reason);
}

static void a_line_of_the_plugin_is_understood(void **state)
{
	static const char text[] = LINE(
		PID
		",\"lock\":{\"begin_ms\":3,\"ms\":4,\"tries\":2},"
		"\"write\":{\"begin_ms\":960,\"ms\":400}},"
		"{\"pid\":2147483647,\"found\":\"checkpointed\",\"bytes\":null}") "\n";
	char reason[REASON_MAX];
	struct timeline line;

	(void)state;
	assert_int_equal(parse(text, &line, reason), 0);

	assert_false(line.is_restore);
	assert_true(line.succeeded);
	assert_true(line.began == 1.5);
	assert_int_equal(line.parallel, 8);
	assert_int_equal(line.others, 100);
	assert_int_equal(line.runs, 7);
	assert_true(line.phases[PHASE_LOCK].took_place);
	assert_true(line.phases[PHASE_LOCK].begin_ms == 1.25);
	assert_false(line.phases[PHASE_FIND].took_place);
	assert_int_equal(line.process_count, 2);
	assert_int_equal(line.processes[0].pid, 11);
	assert_int_equal(line.processes[0].bytes, 1073741824);
	assert_int_equal(line.processes[0].lock_tries, 2);
	assert_true(line.processes[0].steps[STEP_WRITE].begin_ms == 960);
	assert_false(line.processes[0].steps[STEP_CHECKPOINT].took_place);
	assert_int_equal(line.processes[1].pid, 2147483647);
	assert_int_equal(line.processes[1].found, FOUND_CHECKPOINTED);
	assert_false(line.processes[1].is_bytes_known);
	assert_true(timeline_end_ms(&line) == 1360);
	timeline_release(&line);
	timeline_release(&line);
}

static void each_step_is_understood(void **state)
{
	static const char *const texts[] = {
		[STEP_CHECKPOINT] = LINE(STEP("checkpoint")),
		[STEP_WRITE] = LINE(STEP("write")),
		[STEP_FILL] = LINE(STEP("fill")),
		[STEP_RESTORE] = LINE(STEP("restore")),
		[STEP_UNLOCK] = LINE(STEP("unlock")),
	};
	char reason[REASON_MAX];

	(void)state;
	for (size_t i = STEP_CHECKPOINT; i < STEP_COUNT; i++) {
		struct timeline line;

		assert_int_equal(parse(texts[i], &line, reason), 0);
		assert_true(line.processes[0].steps[i].took_place);
		assert_true(timeline_end_ms(&line) == 11);
		timeline_release(&line);
	}
}

static void what_is_not_known_is_passed_over(void **state)
{
	char reason[REASON_MAX];
	struct timeline line;

	(void)state;
	assert_int_equal(parse("{\"more\":[{\"a\":{\"b\":[]}}]," HEAD PHASES
			       ",\"processes\":[]}",
			       &line, reason),
			 0);
	assert_int_equal(line.process_count, 0);
	timeline_release(&line);
}

/* clang-format off */
static const struct {
	const char *text;
	const char *reason;
} bad[] = {
	{ "", "it ends too early" },
	{ "\n", "it ends too early" },
	{ "{" HEAD PHASES ",\"processes\":[{\"pid\":1", "it ends too early" },
	{ "null ", "it is no JSON object" },
	{ "[1]", "it is no JSON object" },
	{ "12 ", "it is no JSON object" },
	{ "{}", "\"format\" is missing, or makes no sense" },
	{ "{\"format\":-1}", "\"format\" is missing, or makes no sense" },
	{ "{\"format\":1}", "\"operation\" is missing, or makes no sense" },
	{ "{\"format\":1,\"operation\":\"<svg>\"}", "\"operation\" is missing, or makes no sense" },
	{ "{\"format\":1,\"operation\":7}", "\"operation\" is missing, or makes no sense" },
	{ "{\"format\":1,\"operation\":\"dump\",\"succeeded\":1}", "\"succeeded\" is missing, or makes no sense" },
	{ "{" HEAD "}", "\"phases\" is missing, or makes no sense" },
	{ "{" HEAD ",\"phases\":{\"find\":1}}", "\"find\" is missing, or makes no sense" },
	{ "{" HEAD ",\"phases\":{\"find\":{\"begin_ms\":-1,\"ms\":1}}}", "\"begin_ms\" is missing, or makes no sense" },
	{ "{" HEAD ",\"phases\":{\"find\":{\"begin_ms\":1,\"ms\":1e99}}}", "\"ms\" is missing, or makes no sense" },
	{ "{" HEAD ",\"phases\":{\"find\":{\"begin_ms\":1,\"ms\":\"1\"}}}", "\"ms\" is missing, or makes no sense" },
	{ "{" HEAD PHASES "}", "\"processes\" is missing, or makes no sense" },
	{ LINE("7"), "\"processes\" is missing, or makes no sense" },
	{ LINE("null"), "\"processes\" is missing, or makes no sense" },
	{ LINE("{}"), "\"pid\" is missing, or makes no sense" },
	{ LINE("{\"pid\":0}"), "\"pid\" is missing, or makes no sense" },
	{ LINE("{\"pid\":2147483648}"), "\"pid\" is missing, or makes no sense" },
	{ LINE("{\"pid\":1.5}"), "\"pid\" is missing, or makes no sense" },
	{ LINE("{\"pid\":1,\"found\":\"lost\"}"), "\"found\" is missing, or makes no sense" },
	{ LINE("{\"pid\":1,\"found\":\"locked\"}"), "\"bytes\" is missing, or makes no sense" },
	{ LINE("{\"pid\":1,\"found\":\"locked\",\"bytes\":-5}"), "\"bytes\" is missing, or makes no sense" },
	{ LINE(PID ",\"lock\":{\"begin_ms\":1,\"ms\":1}}"), "\"tries\" is missing, or makes no sense" },
};
/* clang-format on */

static void what_makes_no_sense_is_refused_with_the_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct timeline untouched = { .runs = 4711 };
		char reason[REASON_MAX];
		int ret = parse(bad[i].text, &untouched, reason);

		if (ret != -EBADMSG || strcmp(reason, bad[i].reason) != 0)
			fail_msg("%s: %d, %s", bad[i].text, ret, reason);
		assert_int_equal(untouched.runs, 4711);
	}
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const texts[] = {
		"rubbish",
		"{" HEAD PHASES ",\"processes\":[],}",
		"{" HEAD PHASES ",\"processes\":[]} {}",
		"{\"format\":1,\"x\":\"\xff\"}",
		"{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct timeline line;
		char reason[REASON_MAX];
		int ret = parse(texts[i], &line, reason);

		if (ret != -EBADMSG || !strstr(reason, "it is no JSON: "))
			fail_msg("%s: %d, %s", texts[i], ret, reason);
	}
}

static void another_format_is_refused(void **state)
{
	struct timeline line;
	char reason[REASON_MAX];

	(void)state;
	assert_int_equal(parse("{\"format\":2}", &line, reason), -EBADMSG);
	assert_string_equal(reason, "it is of another format than 1");
}

static void a_line_that_is_cut_anywhere_is_refused(void **state)
{
	static const char text[] = LINE(STEP("write"));

	(void)state;
	for (size_t length = 0; length < strlen(text); length++) {
		struct timeline line;
		char reason[REASON_MAX];

		assert_int_equal(timeline_parse(text, length, &line, reason), -EBADMSG);
	}
}

static void a_line_that_is_too_long_is_refused(void **state)
{
	char *text autofree = malloc(TIMELINE_LINE_MAX + 1);
	char reason[REASON_MAX];
	struct timeline line;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', TIMELINE_LINE_MAX + 1);
	assert_int_equal(timeline_parse(text, TIMELINE_LINE_MAX + 1, &line, reason),
			 -EBADMSG);
	assert_string_equal(reason, "it is longer than 4194304 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_the_plugin_is_understood),
		cmocka_unit_test(each_step_is_understood),
		cmocka_unit_test(what_is_not_known_is_passed_over),
		cmocka_unit_test(what_makes_no_sense_is_refused_with_the_reason),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(another_format_is_refused),
		cmocka_unit_test(a_line_that_is_cut_anywhere_is_refused),
		cmocka_unit_test(a_line_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
