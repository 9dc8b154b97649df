/* SPDX-License-Identifier: GPL-2.0-only */
#include "watch/log_tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text;
	enum log_outcome outcome;
	const char *line;
} cases[] = {
	{ "", LOG_SAYS_NOTHING, "" },
	{ "(00.1) Dumping finished successfully\n", LOG_SAYS_DONE, "" },
	{ "(00.1) Restore finished successfully. Tasks resumed.\n", LOG_SAYS_DONE, "" },
	{ "(00.1) Error (criu/cr-dump.c:2128): Dumping FAILED.\n", LOG_SAYS_FAILED, "" },
	{ "(00.1) Error (criu/cr-restore.c:1): Restoring FAILED.\n", LOG_SAYS_FAILED,
	  "" },
	/* What comes later counts. */
	{ "Dumping FAILED.\nx\nDumping finished successfully\n", LOG_SAYS_DONE, "" },
	{ "a\n(00.1) cuda_plugin: pid 7: one\n(00.2) cuda_plugin: pid 7: two\nb\n",
	  LOG_SAYS_NOTHING, "pid 7: two" },
	/* What a line of the plugin quotes is no end. */
	{ "cuda_plugin: \"Dumping FAILED\"\n", LOG_SAYS_NOTHING, "\"Dumping FAILED\"" },
	/* One that is not whole yet is none. */
	{ "cuda_plugin: pid 7: one\ncuda_plugin: pid 8", LOG_SAYS_NOTHING, "pid 7: one" },
	{ "Dumping finished successfully", LOG_SAYS_NOTHING, "" },
	{ "cuda_plugin: \n", LOG_SAYS_NOTHING, "" },
	{ "cuda_plugin:\n", LOG_SAYS_NOTHING, "" },
};

static void log_is_understood(void **state)
{
	struct log_tail tail;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		log_tail_parse(cases[i].text, strlen(cases[i].text), &tail);
		assert_int_equal(tail.outcome, cases[i].outcome);
		assert_string_equal(tail.line, cases[i].line);
	}
}

static void long_line_is_cut(void **state)
{
	char text[1000] = "cuda_plugin: ";
	struct log_tail tail;

	(void)state;
	memset(text + strlen(text), 'x', sizeof(text) - strlen("cuda_plugin: ") - 1);
	text[sizeof(text) - 1] = '\n';
	log_tail_parse(text, sizeof(text), &tail);
	assert_int_equal(strlen(tail.line), LOG_TAIL_LINE_SIZE - 1);
}

static void only_the_end_of_a_long_log_is_read(void **state)
{
	FILE *log = tmpfile();
	struct log_tail tail;

	(void)state;
	assert_non_null(log);
	fputs("Dumping FAILED.\ncuda_plugin: old\n", log);
	for (int i = 0; i < 100000; i++)
		fputs("(00.1) x\n", log);
	fflush(log);
	log_tail_read(fileno(log), &tail);
	assert_int_equal(tail.outcome, LOG_SAYS_NOTHING);
	assert_string_equal(tail.line, "");

	fputs("cuda_plugin: new\nDumping finished successfully\n", log);
	fflush(log);
	log_tail_read(fileno(log), &tail);
	assert_int_equal(tail.outcome, LOG_SAYS_DONE);
	assert_string_equal(tail.line, "new");
	fclose(log);
}

static void no_log_says_nothing(void **state)
{
	struct log_tail tail = { .outcome = LOG_SAYS_DONE, .line = "x" };

	(void)state;
	log_tail_read(-1, &tail);
	assert_int_equal(tail.outcome, LOG_SAYS_NOTHING);
	assert_string_equal(tail.line, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_is_understood),
		cmocka_unit_test(long_line_is_cut),
		cmocka_unit_test(only_the_end_of_a_long_log_is_read),
		cmocka_unit_test(no_log_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
