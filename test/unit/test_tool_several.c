/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several processes at once, by whatever the utility can do; and seeing what it can.
 */
#include "tool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cuda-checkpoint/contract.h"
#include "fake_log.h"
#include "fake_spawn.h"
#include "help.h"
#include "tool_runs.h"

#define NOT_READY   "\"device not ready\""
#define WRONG_STATE "\"the operation cannot be performed in the present state\""
#define MANY	    150

static const struct tool several = { .program = "cuda-checkpoint",
				     .takes_several = true };
static struct operation_target targets[MANY];

static int set_up(void **state)
{
	for (int i = 0; i < MANY; i++)
		targets[i] = (struct operation_target){ .pid = PID + i,
							.state = UNTOUCHED_STATE,
							.tid = UNTOUCHED_TID };

	return begin(state);
}

static void assert_results(const int *expected, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (targets[i].ret != expected[i])
			fail_msg("pid %d: %d, not %d", targets[i].pid, targets[i].ret,
				 expected[i]);
}

/* --- questions ---------------------------------------------------------------------- */

static void states_are_asked_for_in_one_run(void **state)
{
	(void)state;
	fake_spawn_answer(0, "4712 locked\n4711 running\n4713 checkpointed\n", NULL);

	tool_get_states(&several, 100, targets, 3);

	assert_string_equal(fake_spawn.journal, "cuda-checkpoint --get-state --pid 4711 "
						"--pid 4712 --pid 4713;");
	assert_results((const int[]){ 0, 0, 0 }, 3);
	assert_int_equal(targets[0].state, CUDA_RUNNING);
	assert_int_equal(targets[1].state, CUDA_LOCKED);
	assert_int_equal(targets[2].state, CUDA_CHECKPOINTED);
	assert_nothing_logged();
}

static void states_are_asked_for_in_as_many_runs_by_any_other(void **state)
{
	(void)state;
	fake_spawn_answer(0, "running\n", NULL);
	fake_spawn_answer(1, NULL, "Error: " NOT_CUDA);
	fake_spawn_answer(0, "locked\n", NULL);

	tool_get_states(&tool, 100, targets, 3);

	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --get-state --pid 4711;"
			    "cuda-checkpoint --get-state --pid 4712;"
			    "cuda-checkpoint --get-state --pid 4713;");
	assert_int_equal(fake_spawn.most_at_work, 3);
	assert_results((const int[]){ 0, -ENXIO, 0 }, 3);
	assert_int_equal(targets[0].state, CUDA_RUNNING);
	assert_int_equal(targets[1].state, UNTOUCHED_STATE);
	assert_int_equal(targets[2].state, CUDA_LOCKED);
	assert_nothing_logged();
}

static void threads_are_asked_for_in_one_run(void **state)
{
	(void)state;
	fake_spawn_answer(1, "4712 22\n4713 error 3 " NOT_CUDA "4711 11\n", NULL);

	tool_get_restore_tids(&several, targets, 3);

	assert_string_equal(fake_spawn.journal, "cuda-checkpoint --get-restore-tid --pid "
						"4711 --pid 4712 --pid 4713;");
	assert_results((const int[]){ 0, 0, -ENXIO }, 3);
	assert_int_equal(targets[0].tid, 11);
	assert_int_equal(targets[1].tid, 22);
	assert_int_equal(targets[2].tid, UNTOUCHED_TID);
	assert_nothing_logged();
}

static void each_failure_is_logged_once_with_its_pid(void **state)
{
	(void)state;
	fake_spawn_answer(1,
			  "4711 running\n"
			  "4712 error 304 \"OS call failed\"\n"
			  "4713 odd\n"
			  "4715 error 3 " NOT_CUDA "sorry",
			  "a warning\n");

	tool_get_states(&several, 0, targets, 5);

	assert_results((const int[]){ 0, -EIO, -EBADMSG, -EBADMSG, -ENXIO }, 5);
	assert_int_equal(targets[2].state, UNTOUCHED_STATE);
	assert_int_equal(fake_log_errors(), 3);
	assert_int_equal(fake_log.malformed, 0);
	assert_true(fake_log_has("pid 4712: cuda-checkpoint --get-state: \"OS call "
				 "failed\"\n"));
	assert_true(fake_log_has("pid 4713: cuda-checkpoint --get-state: \"odd\" is no "
				 "state that is known\n"));
	assert_true(fake_log_has("pid 4714: cuda-checkpoint --get-state: cannot "
				 "understand the answer \"a warning;sorry\"\n"));
}

static void answer_that_is_no_thread_is_logged_with_its_pid(void **state)
{
	(void)state;
	fake_spawn_answer(0, "4711 0\n4712 12\n", NULL);

	tool_get_restore_tids(&several, targets, 2);

	assert_results((const int[]){ -EBADMSG, 0 }, 2);
	assert_logged_once("\"0\" is no thread");
}

static void time_is_over_for_those_that_did_not_answer(void **state)
{
	(void)state;
	fake_spawn_hang("4712 running\n");

	tool_get_states(&several, 50, targets, 2);

	assert_results((const int[]){ -ETIMEDOUT, 0 }, 2);
	assert_true(targets[0].is_cut);
	assert_false(targets[1].is_cut);
	assert_int_equal(fake_spawn.killed, 1);
	assert_logged_once("pid 4711: cuda-checkpoint --get-state: no answer in 50 ms\n");
}

static void utility_that_cannot_be_run_is_logged_for_each(void **state)
{
	(void)state;
	fake_spawn_fail(-ENOENT);

	tool_get_states(&several, 0, targets, 2);

	assert_results((const int[]){ -ENOENT, -ENOENT }, 2);
	assert_int_equal(fake_log_errors(), 2);
	assert_true(fake_log_has("pid 4711: "));
	assert_true(fake_log_has("pid 4712: "));
}

/* What the utility prints for those from @first to before @end. */
static void answer_running(int first, int end)
{
	char text[8192] = "";
	size_t used = 0;

	for (int i = first; i < end; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d running\n",
					 PID + i);
	fake_spawn_answer(0, text, NULL);
}

static void many_are_asked_in_a_few_runs(void **state)
{
	(void)state;
	answer_running(0, 64);
	answer_running(64, 128);
	answer_running(128, MANY);

	tool_get_states(&several, 0, targets, MANY);

	for (size_t i = 0; i < MANY; i++) {
		assert_int_equal(targets[i].ret, 0);
		assert_int_equal(targets[i].state, CUDA_RUNNING);
	}
	assert_int_equal(fake_spawn.calls, 3);
	assert_int_equal(fake_spawn.at_work, 0);
}

/* --- actions ------------------------------------------------------------------------ */

static void action_is_one_run_for_all(void **state)
{
	(void)state;
	for (enum cuda_action action = CUDA_LOCK; action <= CUDA_UNLOCK; action++) {
		char expected[128];

		again();
		fake_spawn_answer(0, "4712 ok 7\n4711 ok 30\n", NULL);

		tool_act(&several, action, 100, targets, 2);

		snprintf(expected, sizeof(expected),
			 "cuda-checkpoint --action %s --pid 4711 --pid 4712%s;",
			 cuda_action_name(action),
			 action == CUDA_LOCK ? " --timeout 100" : "");
		assert_string_equal(fake_spawn.journal, expected);
		assert_results((const int[]){ 0, 0 }, 2);
		assert_nothing_logged();
	}
}

static void action_that_fails_for_some_is_done_for_the_others(void **state)
{
	(void)state;
	fake_spawn_answer(1,
			  "4711 error 2 \"out of memory\"\n4712 ok 9\n"
			  "4713 error 3 \"initialization error\"\n"
			  "4714 error 401 " WRONG_STATE "\n",
			  NULL);

	tool_act(&several, CUDA_CHECKPOINT, 0, targets, 5);

	assert_results((const int[]){ -EIO, 0, -EIO, -EBUSY, -EBADMSG }, 5);
	assert_int_equal(fake_log_errors(), 4);
	assert_int_equal(fake_log.malformed, 0);
	assert_true(
		fake_log_has("pid 4711: cannot checkpoint: \"out of memory\"; its GPU "
			     "memory finds no room"));
	assert_false(fake_log_has("pid 4712: "));
	assert_true(
		fake_log_has("pid 4713: cannot checkpoint: \"initialization error\""));
	assert_true(fake_log_has("pid 4714: cannot checkpoint: " WRONG_STATE "\n"));
	assert_true(fake_log_has("pid 4715: cannot checkpoint: it ended with status 1 "
				 "and said nothing\n"));
}

static void warning_beside_the_lines_puts_nothing_in_doubt(void **state)
{
	(void)state;
	fake_spawn_answer(0, "4711 ok 1\n4712 ok 1\n", "a warning\n");

	tool_act(&several, CUDA_UNLOCK, 0, targets, 2);

	assert_results((const int[]){ 0, 0 }, 2);
	assert_int_equal(fake_spawn.calls, 1);
	assert_nothing_logged();
}

static void who_of_several_talks_instead_of_acting_is_asked(void **state)
{
	(void)state;
	fake_spawn_answer(0, NULL, NULL);
	fake_spawn_answer(0, "done\n", NULL);
	fake_spawn_answer(0, "locked\n", NULL);

	tool_act(&tool, CUDA_UNLOCK, 0, targets, 2);

	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --action unlock --pid 4711;"
			    "cuda-checkpoint --action unlock --pid 4712;"
			    "cuda-checkpoint --get-state --pid 4712;");
	assert_results((const int[]){ 0, -EIO }, 2);
	assert_int_equal(fake_log_errors(), 1);
	assert_true(fake_log_has("pid 4712: cannot unlock: the utility reported success, "
				 "and it is locked\n"));
}

/* --- how many at once --------------------------------------------------------------- */

static void limit_is_for_what_moves_memory_and_is_not_for_a_lock(void **state)
{
	const struct tool limited = { .program = "cuda-checkpoint",
				      .takes_several = true,
				      .at_once = 1 };

	(void)state;
	fake_spawn_answer(0, NULL, NULL);
	fake_spawn_answer(0, NULL, NULL);
	tool_act(&limited, CUDA_CHECKPOINT, 0, targets, 2);
	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --action checkpoint --pid 4711;"
			    "cuda-checkpoint --action checkpoint --pid 4712;");
	assert_int_equal(fake_spawn.most_at_work, 1);

	again();
	fake_spawn_answer(0, "4711 ok 1\n4712 ok 1\n", NULL);
	tool_act(&limited, CUDA_LOCK, 0, targets, 2);
	assert_int_equal(fake_spawn.calls, 1);

	again();
	fake_spawn_answer(0, "4711 ok 1\n4712 ok 1\n", NULL);
	tool_try_lock(&limited, 0, targets, 2);
	assert_int_equal(fake_spawn.calls, 1);
	assert_nothing_logged();
}

static void limit_is_for_questions_that_are_a_run_each(void **state)
{
	struct tool limited = { .program = "cuda-checkpoint", .at_once = 2 };

	(void)state;
	for (int i = 0; i < 4; i++)
		fake_spawn_answer(0, "running\n", NULL);
	tool_get_states(&limited, 0, targets, 4);
	assert_int_equal(fake_spawn.calls, 4);
	assert_int_equal(fake_spawn.most_at_work, 2);

	again();
	for (int i = 0; i < 4; i++)
		fake_spawn_answer(0, NULL, NULL);
	tool_act(&limited, CUDA_LOCK, 0, targets, 4);
	assert_int_equal(fake_spawn.most_at_work, 4);

	again();
	limited.takes_several = true;
	fake_spawn_answer(0, "4711 running\n4712 running\n4713 running\n4714 running\n",
			  NULL);
	tool_get_states(&limited, 0, targets, 4);
	assert_int_equal(fake_spawn.calls, 1);
	assert_nothing_logged();
}

/* --- a lock that may be tried again ---------------------------------------------------
 */

static void lock_that_is_refused_is_not_logged_when_it_may_be_tried_again(void **state)
{
	(void)state;
	fake_spawn_answer(1, "4711 error 600 " NOT_READY "\n4712 ok 1\n", NULL);

	tool_try_lock(&several, 100, targets, 2);

	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --action lock --pid 4711 "
			    "--pid 4712 --timeout 100;");
	assert_results((const int[]){ -ETIMEDOUT, 0 }, 2);
	assert_true(operation_is_refused(&targets[0]));
	assert_false(operation_is_refused(&targets[1]));
	assert_nothing_logged();

	/* By a run for one just so. */
	fake_spawn_answer(1, NULL, "Could not lock on process ID 4711: " NOT_READY "\n");
	tool_try_lock(&tool, 100, targets, 1);
	assert_int_equal(targets[0].ret, -ETIMEDOUT);
	assert_true(operation_is_refused(&targets[0]));
	assert_nothing_logged();
}

static void lock_that_is_refused_is_logged_when_it_is_the_only_try(void **state)
{
	(void)state;
	fake_spawn_answer(1, "4711 error 600 " NOT_READY "\n4712 ok 1\n", NULL);

	tool_act(&several, CUDA_LOCK, 100, targets, 2);

	assert_results((const int[]){ -ETIMEDOUT, 0 }, 2);
	assert_logged_once("cannot lock: " NOT_READY "; its work did not end in time");
}

/* What else a try may come to. */
static const struct run failed_tries[] = {
	{ 1, "4711 error 401 " WRONG_STATE "\n4712 ok 1\n", NULL, -EBUSY },
	{ 1, "4711 error 3 \"initialization error\"\n4712 ok 1\n", NULL, -EIO },
	{ 1, "4711 error 999 \"unknown error\"\n4712 ok 1\n", NULL, -EIO },
	{ 0, "4712 ok 1\n", NULL, -EBADMSG },
	{ 137, "4712 ok 1\n", NULL, -EIO },
};

static void any_other_failure_of_a_try_is_logged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failed_tries); i++) {
		again();
		answer(&failed_tries[i]);

		tool_try_lock(&several, 100, targets, 2);

		assert_results((const int[]){ failed_tries[i].expected, 0 }, 2);
		assert_false(operation_is_refused(&targets[0]));
		assert_logged_once("pid 4711: cannot lock: ");
	}
}

/* The process may be locked or not: that is no refusal. */
static void try_whose_time_is_over_is_logged(void **state)
{
	(void)state;
	fake_spawn_fail(-ETIMEDOUT);

	tool_try_lock(&tool, 100, targets, 1);

	assert_int_equal(targets[0].ret, -ETIMEDOUT);
	assert_true(targets[0].is_cut);
	assert_false(operation_is_refused(&targets[0]));
	assert_logged_once("cannot lock: no answer in 5100 ms; its work did not end");
}

static void refusal_is_logged_with_the_tries_and_the_remedy(void **state)
{
	static const struct {
		unsigned int tries;
		const char *says;
	} cases[] = {
		{ 1, "cannot lock: " NOT_READY " (1 try); its work did not end in time" },
		{ 3,
		  "cannot lock: " NOT_READY " (3 tries); its work did not end in time" },
		{ UINT32_MAX, " (4294967295 tries); " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		again();
		fake_spawn_answer(1, "4712 ok 1\n4711 error 600 " NOT_READY "\n", NULL);
		tool_try_lock(&several, 100, targets, 2);

		tool_log_refusal(&targets[0], cases[i].tries);

		assert_logged_once(cases[i].says);
		assert_true(fake_log_has("give it more with the option timeout"));
	}
}

/* --- seeing what the utility can do ----------------------------------------------------
 */

#define USAGE "CUDA checkpoint and restore utility.\n"

static const struct {
	int status;
	const char *out;
	const char *err;
	bool takes_several;
} helps[] = {
	{ 0, USAGE "    " CONTRACT_SEVERAL_PIDS "\n", NULL, true },
	{ 0, USAGE, NULL, false },
	{ 0, NULL, NULL, false },
	{ 0, USAGE, CONTRACT_SEVERAL_PIDS "\n", false },
	{ 1, USAGE "    " CONTRACT_SEVERAL_PIDS "\n", NULL, false },
	{ 137, NULL, NULL, false },
};

static void help_says_whether_it_takes_several(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(helps); i++) {
		struct tool learner = { .program = "cuda-checkpoint" };

		again();
		fake_spawn_answer(helps[i].status, helps[i].out, helps[i].err);

		tool_learn(&learner);

		assert_int_equal(learner.takes_several, helps[i].takes_several);
		assert_true(learner.has_learned);
		assert_string_equal(fake_spawn.journal,
				    "cuda-checkpoint --help (60000 ms);");
		assert_nothing_logged();
	}
}

static void help_is_asked_for_once(void **state)
{
	unsigned int runs = 0;
	struct tool learner = { .program = "cuda-checkpoint", .runs = &runs };

	(void)state;
	fake_spawn_answer(0, CONTRACT_SEVERAL_PIDS "\n", NULL);
	fake_spawn_answer(0, "anything else", NULL);

	tool_learn(&learner);
	tool_learn(&learner);

	assert_true(learner.takes_several);
	assert_int_equal(fake_spawn.calls, 1);
	assert_int_equal(runs, 1);
}

static void utility_that_cannot_be_run_takes_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAILED_SPAWNS; i++) {
		struct tool learner = { .program = "cuda-checkpoint" };

		again();
		fake_spawn_fail(failed_spawns[i].error);

		tool_learn(&learner);
		tool_learn(&learner);

		assert_false(learner.takes_several);
		assert_int_equal(fake_spawn.calls, 1);
		assert_nothing_logged();
	}
}

/* --- the count ---------------------------------------------------------------------- */

static void runs_are_counted(void **state)
{
	unsigned int runs = 10;
	struct tool counting = { .program = "cuda-checkpoint", .runs = &runs };
	uint64_t bytes;
	char reason[64];

	(void)state;
	fake_spawn_answer(0, "running\n", NULL);
	fake_spawn_answer(0, "running\n", NULL);
	tool_get_states(&counting, 0, targets, 2);
	assert_int_equal(runs, 12);

	fake_spawn_answer(0, "4712\n", NULL);
	tool_get_restore_tids(&counting, targets, 1);
	assert_int_equal(runs, 13);

	/* With the question of what it has done. */
	fake_spawn_answer(0, "done\n", NULL);
	fake_spawn_answer(0, "locked\n", NULL);
	tool_act(&counting, CUDA_LOCK, 0, targets, 1);
	assert_int_equal(runs, 15);

	fake_spawn_answer(0, NULL, NULL);
	tool_try_lock(&counting, 0, targets, 1);
	assert_int_equal(runs, 16);

	fake_spawn_answer(0, "4711 5\n", NULL);
	assert_int_equal(tool_get_memory(&counting, &targets[0].pid, 1, &bytes), 0);
	assert_int_equal(runs, 17);

	fake_spawn_answer(0, "4712\n", NULL);
	assert_int_equal(tool_probe(&counting, reason, sizeof(reason)), 0);
	assert_int_equal(runs, 18);

	counting.takes_several = true;
	fake_spawn_answer(0, "4711 running\n4712 running\n", NULL);
	tool_get_states(&counting, 0, targets, 2);
	assert_int_equal(runs, 19);
}

static void nothing_is_run_for_nobody(void **state)
{
	unsigned int runs = 0;
	const struct tool counting = { .program = "cuda-checkpoint", .runs = &runs };

	(void)state;
	tool_get_states(&counting, 0, targets, 0);
	tool_get_restore_tids(&counting, targets, 0);
	tool_act(&counting, CUDA_LOCK, 0, targets, 0);
	tool_try_lock(&counting, 0, targets, 0);

	assert_int_equal(runs, 0);
	assert_string_equal(fake_spawn.journal, "");
	assert_nothing_logged();
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(states_are_asked_for_in_one_run),
		CASE(states_are_asked_for_in_as_many_runs_by_any_other),
		CASE(threads_are_asked_for_in_one_run),
		CASE(each_failure_is_logged_once_with_its_pid),
		CASE(answer_that_is_no_thread_is_logged_with_its_pid),
		CASE(time_is_over_for_those_that_did_not_answer),
		CASE(utility_that_cannot_be_run_is_logged_for_each),
		CASE(many_are_asked_in_a_few_runs),
		CASE(action_is_one_run_for_all),
		CASE(action_that_fails_for_some_is_done_for_the_others),
		CASE(warning_beside_the_lines_puts_nothing_in_doubt),
		CASE(who_of_several_talks_instead_of_acting_is_asked),
		CASE(limit_is_for_what_moves_memory_and_is_not_for_a_lock),
		CASE(limit_is_for_questions_that_are_a_run_each),
		CASE(lock_that_is_refused_is_not_logged_when_it_may_be_tried_again),
		CASE(lock_that_is_refused_is_logged_when_it_is_the_only_try),
		CASE(any_other_failure_of_a_try_is_logged),
		CASE(try_whose_time_is_over_is_logged),
		CASE(refusal_is_logged_with_the_tries_and_the_remedy),
		CASE(help_says_whether_it_takes_several),
		CASE(help_is_asked_for_once),
		CASE(utility_that_cannot_be_run_takes_one),
		CASE(runs_are_counted),
		CASE(nothing_is_run_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
