/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked of the utility, and how its good answers are understood.
 */
#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_log.h"
#include "fake_spawn.h"
#include "tool_runs.h"

static const struct run state_runs[] = {
	{ 0, "running\n", NULL, CUDA_RUNNING },
	{ 0, "locked\n", NULL, CUDA_LOCKED },
	{ 0, "checkpointed\n", NULL, CUDA_CHECKPOINTED },
	{ 0, "failed\n", NULL, CUDA_FAILED },
	{ 0, "checkpointing\n", NULL, CUDA_CHECKPOINTING },
	{ 0, "restoring\n", NULL, CUDA_RESTORING },
	{ 0, "running\n", "a warning of the loader's\n", CUDA_RUNNING },
};

/* A process without CUDA; in either stream. */
static const struct run not_cuda_runs[] = {
	{ 1, "Error getting process state for process ID 4711: " NOT_CUDA, NULL, 0 },
	{ 1, NULL, "Error getting process state for process ID 4711: " NOT_CUDA, 0 },
	{ 1, "Could not find restore thread for process ID 4711\n", NULL, 0 },
	{ 1, NULL, "Could not find restore thread for process ID 4711\n", 0 },
};

static void get_state_understands_every_word_of_the_driver(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(state_runs); i++) {
		enum cuda_state got = UNTOUCHED_STATE;

		again();
		answer(&state_runs[i]);

		assert_int_equal(tool_get_state(&tool, PID, 0, NULL, &got), 0);

		assert_int_equal(got, state_runs[i].expected);
		assert_nothing_logged();
	}
}

static void get_state_asks_with_its_timeout(void **state)
{
	const struct tool other = { .program = "/opt/my tools/cuda-checkpoint" };
	enum cuda_state got;

	(void)state;
	fake_spawn_answer(0, "running\n", NULL);
	fake_spawn_answer(0, "running\n", NULL);

	assert_int_equal(tool_get_state(&other, 1, 1500, NULL, &got), 0);
	assert_int_equal(tool_get_state(&tool, INT_MAX, 0, NULL, &got), 0);

	assert_string_equal(
		fake_spawn.journal,
		"[/opt/my tools/cuda-checkpoint] --get-state --pid 1 (1500 ms);"
		"cuda-checkpoint --get-state --pid 2147483647 (0 ms);");
}

static void get_restore_tid_asks_and_gives_up_on_a_hung_utility(void **state)
{
	pid_t tid = UNTOUCHED_TID;

	(void)state;
	fake_spawn_answer(0, "4712\n", NULL);

	assert_int_equal(tool_get_restore_tid(&tool, PID, &tid), 0);

	assert_int_equal(tid, 4712);
	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --get-restore-tid --pid 4711 "
			    "(60000 ms);");
	assert_nothing_logged();
}

static void get_restore_tid_knows_the_largest_tid(void **state)
{
	pid_t tid = UNTOUCHED_TID;

	(void)state;
	fake_spawn_answer(0, "2147483647\n", NULL);

	assert_int_equal(tool_get_restore_tid(&tool, PID, &tid), 0);

	assert_int_equal(tid, INT_MAX);
}

static void process_without_cuda_is_a_finding_and_not_logged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(not_cuda_runs); i++) {
		enum cuda_state got = UNTOUCHED_STATE;
		pid_t tid = UNTOUCHED_TID;

		again();
		answer(&not_cuda_runs[i]);
		answer(&not_cuda_runs[i]);

		assert_int_equal(tool_get_state(&tool, PID, 0, NULL, &got), -ENXIO);
		assert_int_equal(tool_get_restore_tid(&tool, PID, &tid), -ENXIO);

		assert_int_equal(got, UNTOUCHED_STATE);
		assert_int_equal(tid, UNTOUCHED_TID);
		assert_nothing_logged();
	}
}

static void words_of_no_cuda_count_only_in_a_failure(void **state)
{
	enum cuda_state got;

	(void)state;
	fake_spawn_answer(0, "running\n", NOT_CUDA);

	assert_int_equal(tool_get_state(&tool, PID, 0, NULL, &got), 0);

	assert_int_equal(got, CUDA_RUNNING);
}

static void act_names_the_action_and_gives_it_all_the_time(void **state)
{
	(void)state;
	for (enum cuda_action action = CUDA_LOCK; action <= CUDA_UNLOCK; action++) {
		char expected[128];

		again();
		fake_spawn_answer(0, NULL, NULL);

		assert_int_equal(tool_act(&tool, action, PID, 0, NULL), 0);

		snprintf(expected, sizeof(expected),
			 "cuda-checkpoint --action %s --pid 4711 (0 ms);",
			 cuda_action_name(action));
		assert_string_equal(fake_spawn.journal, expected);
		assert_nothing_logged();
	}
}

static void timeout_is_for_a_lock_only(void **state)
{
	(void)state;
	for (enum cuda_action action = CUDA_CHECKPOINT; action <= CUDA_UNLOCK; action++) {
		fake_spawn_answer(0, NULL, NULL);

		assert_int_equal(tool_act(&tool, action, PID, 1000, NULL), 0);
	}

	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --action checkpoint --pid 4711 (0 ms);"
			    "cuda-checkpoint --action restore --pid 4711 (0 ms);"
			    "cuda-checkpoint --action unlock --pid 4711 (0 ms);");
}

static void lock_gets_its_timeout_and_a_deadline_after_it(void **state)
{
	static const struct {
		unsigned int timeout_ms;
		const char *journal;
	} cases[] = {
		{ 1, "--timeout 1 (5001 ms);" },
		{ 10000, "--timeout 10000 (15000 ms);" },
		{ UINT_MAX - 5001, "--timeout 4294962294 (4294967294 ms);" },
		{ UINT_MAX - 5000, "--timeout 4294962295 (4294967295 ms);" },
		{ UINT_MAX - 4999, "--timeout 4294962296 (4294967295 ms);" },
		{ UINT_MAX, "--timeout 4294967295 (4294967295 ms);" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char expected[128];

		again();
		fake_spawn_answer(0, NULL, NULL);

		assert_int_equal(
			tool_act(&tool, CUDA_LOCK, PID, cases[i].timeout_ms, NULL), 0);

		snprintf(expected, sizeof(expected),
			 "cuda-checkpoint --action lock --pid 4711 %s", cases[i].journal);
		assert_string_equal(fake_spawn.journal, expected);
	}
}

/* It may have done what it was told, and also have something to say. */
static void who_prints_in_an_action_is_asked_what_was_done(void **state)
{
	(void)state;
	fake_spawn_answer(0, "done\n", "a warning\n");
	fake_spawn_answer(0, "running\n", NULL);

	assert_int_equal(tool_act(&tool, CUDA_UNLOCK, PID, 0, NULL), 0);

	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --action unlock --pid 4711 (0 ms);"
			    "cuda-checkpoint --get-state --pid 4711 (60000 ms);");
	assert_int_equal(fake_log_errors(), 0);
	assert_true(fake_log_has("said \"a warning;done\""));
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

static int see_nothing(void *unused)
{
	(void)unused;
	return 0;
}

static void watch_is_kept_for_what_the_driver_has_to_answer(void **state)
{
	const struct spawn_watch watch = { .look = see_nothing };
	enum cuda_state got;
	char reason[64];
	pid_t tid;

	(void)state;
	fake_spawn_answer(0, "running\n", NULL);
	fake_spawn_answer(0, NULL, NULL);
	fake_spawn_answer(0, "4712\n", NULL);
	fake_spawn_answer(0, "4712\n", NULL);

	assert_int_equal(tool_get_state(&tool, PID, 0, &watch, &got), 0);
	assert_ptr_equal(fake_spawn.watch, &watch);
	assert_int_equal(tool_act(&tool, CUDA_CHECKPOINT, PID, 0, &watch), 0);
	assert_ptr_equal(fake_spawn.watch, &watch);
	assert_int_equal(tool_get_restore_tid(&tool, PID, &tid), 0);
	assert_null(fake_spawn.watch);
	assert_int_equal(tool_probe(&tool, reason, sizeof(reason)), 0);
	assert_null(fake_spawn.watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(get_state_understands_every_word_of_the_driver),
		CASE(get_state_asks_with_its_timeout),
		CASE(get_restore_tid_asks_and_gives_up_on_a_hung_utility),
		CASE(get_restore_tid_knows_the_largest_tid),
		CASE(process_without_cuda_is_a_finding_and_not_logged),
		CASE(words_of_no_cuda_count_only_in_a_failure),
		CASE(act_names_the_action_and_gives_it_all_the_time),
		CASE(timeout_is_for_a_lock_only),
		CASE(lock_gets_its_timeout_and_a_deadline_after_it),
		CASE(who_prints_in_an_action_is_asked_what_was_done),
		CASE(watch_is_kept_for_what_the_driver_has_to_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
