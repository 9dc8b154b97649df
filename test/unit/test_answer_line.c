/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines that the utility answers with about several processes, and what are none.
 */
#include "answer_line.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *line;
	struct answer_line expected;
} good[] = {
	{ "7 running", { 7, false, "running" } },
	{ "4711 4712", { 4711, false, "4712" } },
	{ "1 x", { 1, false, "x" } },
	{ "2147483647 locked", { INT_MAX, false, "locked" } },
	{ "007 running", { 7, false, "running" } },
	{ "7 ok 0", { 7, false, "ok 0" } },
	{ "7 ok 4294967295", { 7, false, "ok 4294967295" } },
	/* Words that are no keywords: an answer, if one that nobody knows. */
	{ "7 ok", { 7, false, "ok" } },
	{ "7 error", { 7, false, "error" } },
	{ "7 errors", { 7, false, "errors" } },
	{ "7 \"x\"", { 7, false, "\"x\"" } },
	{ "7 error 999 \"unknown error\"", { 7, true, "\"unknown error\"" } },
	{ "7 error 0 \"\"", { 7, true, "\"\"" } },
	{ "7 error 3 \"it's; an \\ (error): 100 %\"",
	  { 7, true, "\"it's; an \\ (error): 100 %\"" } },
	{ "7 error 3 \"\xc3\xa4\"", { 7, true, "\"\xc3\xa4\"" } },
};

static void lines_of_the_utility_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const struct answer_line *expected = &good[i].expected;
		struct answer_line answer = { 0 };

		if (answer_line_parse(good[i].line, &answer))
			fail_msg("\"%s\" is not understood", good[i].line);

		assert_int_equal(answer.pid, expected->pid);
		assert_int_equal(answer.has_failed, expected->has_failed);
		assert_string_equal(answer.text, expected->text);
	}
}

static void text_is_borrowed_from_the_line(void **state)
{
	const char line[] = "7 error 1 \"x\"";
	struct answer_line answer;

	(void)state;
	assert_int_equal(answer_line_parse(line, &answer), 0);

	assert_ptr_equal(answer.text, line + strlen("7 error 1 "));
}

static const char *const bad[] = {
	/* no pid */
	"",
	" ",
	"running",
	" 7 running",
	"\t7 running",
	"+7 running",
	"-7 running",
	"0 running",
	"00 running",
	"7",
	"7 ",
	"7  running",
	"7\trunning",
	"7running",
	"7, running",
	"7: running",
	"7.0 running",
	"0x7 running",
	"2147483648 running",
	"4294967303 running",
	"18446744073709551623 running",
	"99999999999999999999999999999999999999999 running",
	"\xff 7 running",
	/* no word */
	"7 running ",
	"7 running locked",
	"7 \xff",
	"7 run\xffning",
	"7 a\xc3\xa4",
	/* not done */
	"7 ok ",
	"7 ok  5",
	"7 ok x",
	"7 ok 5x",
	"7 ok -5",
	"7 ok 5 6",
	"7 ok 5 ",
	"7 ok running",
	"7 OK 5",
	/* no failure */
	"7 error ",
	"7 error 3",
	"7 error 3 ",
	"7 error 3 \"",
	"7 error 3 x",
	"7 error 3 \"x",
	"7 error 3 x\"",
	"7 error 3 \"x\" ",
	"7 error 3 \"x\"y",
	"7 error 3 \"x\"y\"",
	"7 error 3  \"x\"",
	"7 error 3\"x\"",
	"7 error \"x\"",
	"7 error -3 \"x\"",
	"7 error x \"x\"",
	"7 error  3 \"x\"",
	"7 error 99999999999999999999999999 \"x\"",
	"7 Error 3 \"x\"",
	/* what acts on a terminal, or ends a line */
	"7 running\n",
	"7 running\r",
	"7 run\x1b[31mning",
	"7 error 3 \"a\nb\"",
	"7 error 3 \"a\x7f\"",
	"7 error 3 \"a\t\"",
	"\x01",
	/* what the utility says otherwise */
	"cuda-checkpoint: cannot load libcuda.so.1",
	"Could not lock on process ID 4711: \"device not ready\"",
};

static void whatever_else_is_no_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct answer_line answer = { .pid = 77 };

		if (answer_line_parse(bad[i], &answer) != -EBADMSG)
			fail_msg("\"%s\" was taken for an answer", bad[i]);

		assert_int_equal(answer.pid, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_utility_are_understood),
		cmocka_unit_test(text_is_borrowed_from_the_line),
		cmocka_unit_test(whatever_else_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
