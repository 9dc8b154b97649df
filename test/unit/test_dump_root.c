/* SPDX-License-Identifier: GPL-2.0-only */
#include "recover/dump_root.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS(text)   (text), sizeof(text)

static void the_root_is_what_the_command_line_says(void **state)
{
	static const struct {
		const char *words;
		size_t size;
		pid_t expected;
	} cases[] = {
		{ WORDS("criu\0dump\0-t\0004711\0-D\0/x"), 4711 },
		{ WORDS("criu\0dump\0-t4711"), 4711 },
		{ WORDS("criu\0--tree\0004711\0dump"), 4711 },
		{ WORDS("criu\0dump\0--tree=4711"), 4711 },
		{ WORDS("criu\0dump\0-t\0001\0-t\0002"), 2 },
		{ WORDS("criu\0restore\0-D\0/x"), 0 },
		{ WORDS("criu\0swrk\0003"), 0 },
		{ WORDS("criu\0dump\0-t"), 0 },
		{ WORDS("criu\0dump\0-t\0x1"), 0 },
		{ WORDS("criu\0dump\0-t\00047x"), 0 },
		{ WORDS("criu\0dump\0-t\0-1"), 0 },
		{ WORDS("criu\0dump\0-t\00099999999999"), 0 },
		{ WORDS("criu\0dump\0--trees\0004711"), 0 },
		{ WORDS(""), 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(dump_root_parse(cases[i].words, cases[i].size),
				 cases[i].expected);
}

static void a_word_that_was_cut_does_not_count(void **state)
{
	static const char words[] = "criu\0-t\0004711";

	(void)state;
	assert_int_equal(dump_root_parse(words, sizeof(words)), 4711);
	assert_int_equal(dump_root_parse(words, sizeof(words) - 1), 0);
	assert_int_equal(dump_root_parse(words, 3), 0);
}

static void a_process_without_such_a_word_dumps_nothing(void **state)
{
	(void)state;
	assert_int_equal(dump_root_of(getpid()), 0);
	assert_int_equal(dump_root_of(2147483647), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_is_what_the_command_line_says),
		cmocka_unit_test(a_word_that_was_cut_does_not_count),
		cmocka_unit_test(a_process_without_such_a_word_dumps_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
