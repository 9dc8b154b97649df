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

		assert_int_equal(get_state(0, &got), 0);

		assert_int_equal(got, state_runs[i].expected);
		assert_nothing_logged();
	}
}

static void get_state_asks_about_the_process(void **state)
{
	const struct tool other = { .program = "/opt/my tools/cuda-checkpoint" };
	struct operation_target target = { .pid = 1 };

	(void)state;
	fake_spawn_answer(0, "running\n", NULL);
	fake_spawn_answer(0, "running\n", NULL);

	tool_get_states(&other, 1500, &target, 1);
	assert_int_equal(target.ret, 0);
	target.pid = INT_MAX;
	tool_get_states(&tool, 0, &target, 1);
	assert_int_equal(target.ret, 0);

	assert_string_equal(fake_spawn.journal,
			    "[/opt/my tools/cuda-checkpoint] --get-state --pid 1;"
			    "cuda-checkpoint --get-state --pid 2147483647;");
}

/* 0 is no limit. */
static void get_state_has_the_time_that_it_is_given(void **state)
{
	enum cuda_state got = UNTOUCHED_STATE;

	(void)state;
	fake_spawn_fail(-ETIMEDOUT);
	fake_spawn_fail(-ETIMEDOUT);

	assert_int_equal(get_state(1500, &got), -ETIMEDOUT);
	assert_true(fake_log_has("no answer in 1500 ms\n"));
	assert_int_equal(get_state(0, &got), -ETIMEDOUT);
	assert_true(fake_log_has("no answer in 0 ms\n"));
}

static void get_restore_tid_asks_and_gives_up_on_a_hung_utility(void **state)
{
	pid_t tid = UNTOUCHED_TID;

	(void)state;
	fake_spawn_answer(0, "4712\n", NULL);
	fake_spawn_fail(-ETIMEDOUT);

	assert_int_equal(get_restore_tid(&tid), 0);

	assert_int_equal(tid, 4712);
	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --get-restore-tid --pid 4711;");
	assert_nothing_logged();

	assert_int_equal(get_restore_tid(&tid), -ETIMEDOUT);
	assert_logged_once("no answer in 60000 ms\n");
}

static void get_restore_tid_knows_the_largest_tid(void **state)
{
	pid_t tid = UNTOUCHED_TID;

	(void)state;
	fake_spawn_answer(0, "2147483647\n", NULL);

	assert_int_equal(get_restore_tid(&tid), 0);

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

		assert_int_equal(get_state(0, &got), -ENXIO);
		assert_int_equal(get_restore_tid(&tid), -ENXIO);

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

	assert_int_equal(get_state(0, &got), 0);

	assert_int_equal(got, CUDA_RUNNING);
}

static void act_names_the_action(void **state)
{
	(void)state;
	for (enum cuda_action action = CUDA_LOCK; action <= CUDA_UNLOCK; action++) {
		char expected[128];

		again();
		fake_spawn_answer(0, NULL, NULL);

		assert_int_equal(act(action, 0), 0);

		snprintf(expected, sizeof(expected),
			 "cuda-checkpoint --action %s --pid 4711;",
			 cuda_action_name(action));
		assert_string_equal(fake_spawn.journal, expected);
		assert_nothing_logged();
	}
}

static void timeout_is_for_a_lock_only(void **state)
{
	(void)state;
	for (enum cuda_action action = CUDA_CHECKPOINT; action <= CUDA_UNLOCK; action++) {
		again();
		fake_spawn_answer(0, NULL, NULL);
		fake_spawn_fail(-ETIMEDOUT);

		assert_int_equal(act(action, 1000), 0);
		assert_null(strstr(fake_spawn.journal, "--timeout"));

		/* No limit at all, that is. */
		assert_int_equal(act(action, 1000), -ETIMEDOUT);
		assert_logged_once("no answer in 0 ms");
	}
}

static void lock_gets_its_timeout_and_a_deadline_after_it(void **state)
{
	static const struct {
		unsigned int timeout_ms;
		const char *words;
		const char *deadline;
	} cases[] = {
		{ 0, ";", "in 0 ms" },
		{ 1, " --timeout 1;", "in 5001 ms" },
		{ 10000, " --timeout 10000;", "in 15000 ms" },
		{ UINT_MAX - 5001, " --timeout 4294962294;", "in 4294967294 ms" },
		{ UINT_MAX - 5000, " --timeout 4294962295;", "in 4294967295 ms" },
		{ UINT_MAX - 4999, " --timeout 4294962296;", "in 4294967295 ms" },
		{ UINT_MAX, " --timeout 4294967295;", "in 4294967295 ms" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char expected[128];

		again();
		fake_spawn_fail(-ETIMEDOUT);

		assert_int_equal(act(CUDA_LOCK, cases[i].timeout_ms), -ETIMEDOUT);

		snprintf(expected, sizeof(expected),
			 "cuda-checkpoint --action lock --pid 4711%s", cases[i].words);
		assert_string_equal(fake_spawn.journal, expected);
		assert_logged_once(cases[i].deadline);
	}
}

/* It may have done what it was told, and also have something to say. */
static void who_prints_in_an_action_is_asked_what_was_done(void **state)
{
	(void)state;
	fake_spawn_answer(0, "done\n", "a warning\n");
	fake_spawn_answer(0, "running\n", NULL);

	assert_int_equal(act(CUDA_UNLOCK, 0), 0);

	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --action unlock --pid 4711;"
			    "cuda-checkpoint --get-state --pid 4711;");
	assert_int_equal(fake_log_errors(), 0);
	assert_true(fake_log_has("said \"a warning;done\""));
}

static void who_does_not_answer_after_talking_in_an_action_is_given_up(void **state)
{
	(void)state;
	fake_spawn_answer(0, "done\n", NULL);
	fake_spawn_fail(-ETIMEDOUT);

	assert_int_equal(act(CUDA_UNLOCK, 0), -ETIMEDOUT);

	assert_logged_once("--get-state: no answer in 60000 ms");
}

/* --- watches ------------------------------------------------------------------------ */

static int leave(void *looks)
{
	++*(unsigned int *)looks;
	return OPERATION_LEAVE;
}

/* A program that hangs, and whoever watches says: let it be. */
static struct operation_target watched(unsigned int *looks)
{
	fake_spawn_hang(NULL);

	return (struct operation_target){ .pid = PID, .watch = { leave, looks } };
}

static void assert_left(const struct operation_target *target, unsigned int looks)
{
	assert_int_equal(target->ret, OPERATION_LEAVE);
	assert_int_equal(looks, 1);
	assert_int_equal(fake_spawn.at_work, 0);
	assert_int_equal(fake_spawn.killed, 0);
	assert_int_equal(fake_spawn.left, 1);
	assert_int_equal(fake_log_errors(), 0);
}

static void watch_is_asked_as_long_as_the_driver_has_to_answer(void **state)
{
	struct operation_target target;
	unsigned int looks = 0;

	(void)state;
	target = watched(&looks);
	tool_get_states(&tool, 0, &target, 1);
	assert_left(&target, looks);

	for (enum cuda_action action = CUDA_LOCK; action <= CUDA_UNLOCK; action++) {
		again();
		looks = 0;
		target = watched(&looks);
		tool_act(&tool, action, 0, &target, 1);
		assert_left(&target, looks);
	}

	again();
	looks = 0;
	target = watched(&looks);
	tool_try_lock(&tool, 1000, &target, 1);
	assert_left(&target, looks);
}

/* There is no limit then: the process may be at work. */
static void watch_is_asked_about_who_talked_in_an_action_too(void **state)
{
	struct operation_target target;
	unsigned int looks = 0;

	(void)state;
	fake_spawn_answer(0, "done\n", NULL);
	target = watched(&looks);
	tool_act(&tool, CUDA_UNLOCK, 0, &target, 1);
	assert_left(&target, looks);

	again();
	fake_spawn_answer(0, "done\n", NULL);
	fake_spawn_fail(-ETIMEDOUT);
	tool_act(&tool, CUDA_UNLOCK, 0, &target, 1);
	assert_int_equal(target.ret, -ETIMEDOUT);
	assert_logged_once("no answer in 0 ms");
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(get_state_understands_every_word_of_the_driver),
		CASE(get_state_asks_about_the_process),
		CASE(get_state_has_the_time_that_it_is_given),
		CASE(get_restore_tid_asks_and_gives_up_on_a_hung_utility),
		CASE(get_restore_tid_knows_the_largest_tid),
		CASE(process_without_cuda_is_a_finding_and_not_logged),
		CASE(words_of_no_cuda_count_only_in_a_failure),
		CASE(act_names_the_action),
		CASE(timeout_is_for_a_lock_only),
		CASE(lock_gets_its_timeout_and_a_deadline_after_it),
		CASE(who_prints_in_an_action_is_asked_what_was_done),
		CASE(who_does_not_answer_after_talking_in_an_action_is_given_up),
		CASE(watch_is_asked_as_long_as_the_driver_has_to_answer),
		CASE(watch_is_asked_about_who_talked_in_an_action_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
