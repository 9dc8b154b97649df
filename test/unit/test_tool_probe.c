/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The question whether the utility answers at all: its reason is told, and not logged.
 */
#include "tool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_spawn.h"
#include "tool_runs.h"

static void probe_asks_about_the_caller_within_a_minute(void **state)
{
	char expected[128], reason[64] = "untouched";

	(void)state;
	fake_spawn_answer(1, "Could not find restore thread for process ID 1\n", NULL);

	assert_int_equal(tool_probe(&tool, reason, sizeof(reason)), 0);

	snprintf(expected, sizeof(expected),
		 "cuda-checkpoint --get-restore-tid --pid %d (60000 ms);", getpid());
	assert_string_equal(fake_spawn.journal, expected);
	assert_string_equal(reason, "untouched");
	assert_nothing_logged();
}

static void probe_is_content_with_a_thread_of_the_caller(void **state)
{
	char reason[64] = "untouched";

	(void)state;
	fake_spawn_answer(0, "4712\n", NULL);

	assert_int_equal(tool_probe(&tool, reason, sizeof(reason)), 0);

	assert_string_equal(reason, "untouched");
}

static void probe_tells_the_reason_and_does_not_log(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAILED_QUESTIONS; i++) {
		const struct run *run = &failed_questions[i];
		char reason[1024] = "";

		again();
		answer(run);

		assert_int_equal(tool_probe(&tool, reason, sizeof(reason)),
				 run->expected);

		assert_true(reason[0]);
		assert_null(strchr(reason, '\n'));
		assert_nothing_logged();
	}
}

static void probe_tells_why_the_utility_could_not_be_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAILED_SPAWNS; i++) {
		char reason[1024] = "";

		again();
		fake_spawn_fail(failed_spawns[i].error);

		assert_int_equal(tool_probe(&tool, reason, sizeof(reason)),
				 failed_spawns[i].expected);

		assert_non_null(strstr(reason, failed_spawns[i].says));
		assert_nothing_logged();
	}
}

static void probe_is_not_content_with_a_program_that_says_nothing(void **state)
{
	char reason[1024] = "";

	(void)state;
	fake_spawn_answer(0, NULL, NULL);
	fake_spawn_answer(0, "hello\n", NULL);

	assert_int_equal(tool_probe(&tool, reason, sizeof(reason)), -EBADMSG);
	assert_non_null(strstr(reason, "said nothing"));
	assert_int_equal(tool_probe(&tool, reason, sizeof(reason)), -EBADMSG);
	assert_non_null(strstr(reason, "hello"));

	assert_nothing_logged();
}

static void reason_that_does_not_fit_is_cut(void **state)
{
	char reason[8] = "1234567";

	(void)state;
	fake_spawn_answer(1, "a long explanation\n", NULL);

	assert_int_equal(tool_probe(&tool, reason, 5), -EIO);

	assert_string_equal(reason, "a lo");
	assert_int_equal(reason[5], '6');
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(probe_asks_about_the_caller_within_a_minute),
		CASE(probe_is_content_with_a_thread_of_the_caller),
		CASE(probe_tells_the_reason_and_does_not_log),
		CASE(probe_tells_why_the_utility_could_not_be_run),
		CASE(probe_is_not_content_with_a_program_that_says_nothing),
		CASE(reason_that_does_not_fit_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
