/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each process is given back on the rung on which it was found.
 */
#include "session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_log.h"
#include "fake_proc.h"
#include "session_steps.h"

static void found_locked_is_left_locked(void **state)
{
	const struct fake_process *process = checkpointed(LOCKED);

	(void)state;

	assert_true(fake_log_has("pid 100: found locked, left so\n"));
	fake_world.journal_length = 0;
	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(process->rung, CUDA_LOCKED);
	assert_string_equal(fake_world_journal(),
			    "goes-on 100;tracer 101;run 101;restore 100;stop 101;");
	assert_true(fake_log_has("pid 100: given back, locked\n"));
}

static void found_checkpointed_is_never_touched(void **state)
{
	const struct fake_process *process = checkpointed(CHECKPOINTED);

	(void)state;

	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(process->rung, CUDA_CHECKPOINTED);
	assert_string_equal(fake_world_journal(),
			    "stopped 100;get-state 100;start 100;goes-on 100;"
			    "tracer 100;goes-on 100;");
}

static void lock_timeout_leaves_running(void **state)
{
	const struct fake_process *process = add_process(RUNNING);

	(void)state;
	fake_world.fail_call = TO_LOCK;
	fake_world.failure = FAKE_TIMES_OUT;

	assert_int_equal(pause_one(process), -ETIMEDOUT);
	assert_int_equal(session_give_back(&session), 0);

	assert_string_equal(fake_world.failed, "lock");
	assert_int_equal(process->rung, CUDA_RUNNING);
	assert_int_equal(process->actions, 1);
}

static void lock_that_a_timeout_hid_is_undone(void **state)
{
	const struct fake_process *process = add_process(RUNNING);

	(void)state;
	fake_world.fail_call = TO_LOCK;
	fake_world.failure = FAKE_TIMES_OUT_DONE;

	assert_int_equal(pause_one(process), -ETIMEDOUT);
	assert_int_equal(process->rung, CUDA_LOCKED);
	fake_world.journal_length = 0;
	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(process->rung, CUDA_RUNNING);
	assert_string_equal(fake_world_journal(), "goes-on 100;get-restore-tid 100;"
						  "tracer 101;get-state 100;unlock 100;");
}

static void failed_checkpoint_is_unlocked_by_the_restore_thread(void **state)
{
	struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	fake_world.fail_call = fake_world.calls + TO_CHECKPOINT;
	fake_world.failure = FAKE_FAILS;

	assert_int_equal(session_checkpoint(&session, process->pid), -EIO);
	assert_string_equal(fake_world.failed, "checkpoint");
	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(process->rung, CUDA_RUNNING);
	assert_false(process->thread_runs);
	assert_int_equal(process->runs, process->stops);
}

static void killed_checkpoint_that_goes_on_is_asked_for_again(void **state)
{
	struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	fake_world.fail_call = fake_world.calls + TO_CHECKPOINT;
	fake_world.failure = FAKE_FAILS_DONE;
	process->busy = 1;

	assert_int_equal(session_checkpoint(&session, process->pid), -EIO);
	assert_string_equal(fake_world.failed, "checkpoint");
	assert_int_equal(session_give_back(&session), -EBUSY);
	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(process->rung, CUDA_RUNNING);
}

static void give_back_goes_on_after_a_failure(void **state)
{
	const struct fake_process *first = paused_and_seized(RUNNING);
	const struct fake_process *second = paused_and_seized(RUNNING);

	(void)state;
	fake_world.fail_call = fake_world.calls + 3;
	fake_world.failure = FAKE_FAILS;

	assert_int_equal(session_give_back(&session), -EIO);
	assert_string_equal(fake_world.failed, "get-restore-tid");
	assert_int_equal(first->rung, CUDA_LOCKED);
	assert_int_equal(second->rung, CUDA_RUNNING);
	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(first->rung, CUDA_RUNNING);
	assert_int_equal(second->actions, 2);
}

static void first_error_of_several_is_returned(void **state)
{
	(void)state;
	checkpointed(RUNNING)->tid = 999;
	paused_and_seized(RUNNING);
	fake_world.fail_call = fake_world.calls + 4;
	fake_world.failure = FAKE_FAILS;

	assert_int_equal(session_give_back(&session), -ESRCH);
}

static void process_that_ended_is_owed_nothing(void **state)
{
	struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	process->gone = true;
	fake_world.journal_length = 0;

	assert_int_equal(session_give_back(&session), 0);
	assert_int_equal(session_give_back(&session), 0);

	assert_string_equal(fake_world_journal(), "goes-on 100 = ESRCH;");
	assert_true(fake_log_has("pid 100: it has ended, nothing to give back\n"));
}

static void process_paused_twice_is_owed_what_it_was_found_on(void **state)
{
	struct fake_process *process = add_process(RUNNING);

	(void)state;

	assert_int_equal(pause_one(process), 0);
	assert_int_equal(pause_one(process), 0);
	seize(process);
	assert_int_equal(session_checkpoint(&session, process->pid), 0);
	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(process->rung, CUDA_RUNNING);
}

static void unseized_process_is_given_back_without_ptrace(void **state)
{
	const struct fake_process *process = add_process(RUNNING);

	(void)state;
	assert_int_equal(pause_one(process), 0);
	fake_world.journal_length = 0;

	assert_int_equal(session_give_back(&session), 0);

	assert_string_equal(fake_world_journal(),
			    "goes-on 100;get-restore-tid 100;tracer 101;unlock 100;");
	assert_int_equal(process->runs, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(found_locked_is_left_locked),
		CASE(found_checkpointed_is_never_touched),
		CASE(lock_timeout_leaves_running),
		CASE(lock_that_a_timeout_hid_is_undone),
		CASE(failed_checkpoint_is_unlocked_by_the_restore_thread),
		CASE(killed_checkpoint_that_goes_on_is_asked_for_again),
		CASE(give_back_goes_on_after_a_failure),
		CASE(first_error_of_several_is_returned),
		CASE(process_that_ended_is_owed_nothing),
		CASE(process_paused_twice_is_owed_what_it_was_found_on),
		CASE(unseized_process_is_given_back_without_ptrace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
