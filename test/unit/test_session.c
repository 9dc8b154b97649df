/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pausing, checkpointing and resuming: who takes part, what is done, and what it costs.
 */
#include "session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "fake_cpu_share.h"
#include "fake_log.h"
#include "fake_offload.h"
#include "fake_proc.h"
#include "fake_survey.h"
#include "fake_tool.h"
#include "session_steps.h"

/* No time passes here: what is left of a timeout is all of it. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	(void)clock;
	*ret_now = (struct timespec){ .tv_sec = 1 };
	return 0;
}

static void pause_locks_a_running_process_within_the_timeout(void **state)
{
	const struct fake_process *process = add_process(RUNNING);

	(void)state;

	assert_int_equal(pause_one(process), 0);

	assert_int_equal(process->rung, CUDA_LOCKED);
	assert_string_equal(fake_world_journal(),
			    "stopped 100;get-state 100;start 100;owe 100;"
			    "lock 100 timeout 4000;");
	assert_int_equal(fake_log.lines[LOG_LEVEL_INFO], 1);
	assert_true(fake_log_has("cuda_plugin: pid 100: locked in "));
}

static void pause_passes_no_limit_on(void **state)
{
	const struct fake_process *process = add_process(RUNNING);

	(void)state;

	assert_int_equal(session_survey(&session, process->pid), 0);
	assert_int_equal(session_pause(&session, process->pid, 0), 0);

	assert_string_equal(fake_world_journal(),
			    "stopped 100;get-state 100;start 100;owe 100;lock 100;");
}

static void checkpoint_lets_only_the_restore_thread_run(void **state)
{
	const struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;

	fake_world.journal_length = 0;
	assert_int_equal(session_checkpoint(&session, process->pid), 0);

	assert_int_equal(process->rung, CUDA_CHECKPOINTED);
	assert_false(process->thread_runs);
	assert_string_equal(fake_world_journal(),
			    "goes-on 100;tracer 100;get-restore-tid 100;tracer 101;"
			    "run 101;checkpoint 100;stop 101;goes-on 100;");
}

static const struct offload wanted = { .is_wanted = true };

static void only_a_checkpoint_populates_buffers(void **state)
{
	const struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	tool.prefault_threads = 5;

	assert_int_equal(session_checkpoint(&session, process->pid), 0);
	assert_int_equal(process->threads, 5);
	assert_int_equal(session_give_back(&session), 0);
	assert_int_equal(process->threads, 0);

	tool.prefault_threads = 0;
}

static void no_more_threads_populate_a_buffer_than_there_are_cpus_for_it(void **state)
{
	const struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	tool.prefault_threads = 5;
	fake_cpu_share = 2;

	assert_int_equal(session_checkpoint(&session, process->pid), 0);
	assert_int_equal(process->threads, 2);

	tool.prefault_threads = 0;
	fake_cpu_share = 64;
}

/* --- memory in images of its own ------------------------------------------------------
 */

static void memory_is_taken_once_the_threads_stand_still_again(void **state)
{
	const struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	fake_world.journal_length = 0;
	tool.offload = &wanted;

	assert_int_equal(session_checkpoint(&session, process->pid), 0);

	assert_true(process->is_out);
	assert_string_equal(fake_world_journal(),
			    "goes-on 100;tracer 100;get-restore-tid 100;tracer 101;"
			    "run 101;checkpoint 100;stop 101;write 100;goes-on 100;");
}

static void memory_is_back_before_the_driver_restores(void **state)
{
	const struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	tool.offload = &wanted;
	assert_int_equal(session_checkpoint(&session, process->pid), 0);
	fake_world.journal_length = 0;

	assert_int_equal(session_give_back(&session), 0);

	assert_string_equal(fake_world_journal(),
			    "goes-on 100;tracer 101;run 101;fill 100;"
			    "restore 100;unlock 100;stop 101;");
	assert_true(process->has_image);
	session_discard_images(&session);
	assert_false(process->has_image);
}

static void memory_that_cannot_be_written_fails_the_dump_and_is_still_there(void **state)
{
	const struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	tool.offload = &wanted;
	fake_world.fail_call = fake_world.calls + TO_CHECKPOINT + 3;
	fake_world.failure = FAKE_FAILS;

	assert_int_equal(session_checkpoint(&session, process->pid), -EIO);
	assert_string_equal(fake_world.failed, "write");

	assert_int_equal(session_give_back(&session), 0);
	assert_int_equal(process->rung, CUDA_RUNNING);
}

static void found_failed_is_refused_and_named(void **state)
{
	const struct fake_process *process = add_process(FAILED);

	(void)state;

	assert_int_equal(pause_one(process), -EBUSY);

	assert_true(fake_log_has("pid 100: its CUDA state is \"failed\""));
	assert_int_equal(process->actions, 0);
}

static void found_in_an_operation_is_refused_with_try_again(void **state)
{
	struct fake_process *process = add_process(LOCKED);

	(void)state;
	process->busy = 1;

	assert_int_equal(pause_one(process), -EBUSY);

	assert_true(fake_log_has("pid 100: its CUDA state is \"checkpointing\""));
	assert_true(fake_log_has("try again"));
}

static void without_libcuda_costs_no_run(void **state)
{
	struct fake_process *process = add_process(WITHOUT_CUDA);

	(void)state;

	assert_int_equal(pause_one(process), -ENXIO);
	seize(process);
	assert_int_equal(session_checkpoint(&session, process->pid), -ENXIO);
	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(fake_tool_runs(), 0);
	assert_int_equal(fake_log.length, 0);
}

static void tree_is_surveyed_once_before_the_first_process(void **state)
{
	const struct fake_process *first = add_process(RUNNING);
	const struct fake_process *second = add_process(RUNNING);

	(void)state;
	assert_int_equal(pause_one(first), 0);
	assert_int_equal(pause_one(second), 0);

	assert_int_equal(fake_survey.calls, 1);
	assert_int_equal(fake_survey.root, first->pid);
}

static void dump_that_is_refused_touches_nothing(void **state)
{
	const struct fake_process *process = add_process(RUNNING);

	(void)state;
	fake_survey.answer = -EPERM;

	assert_int_equal(pause_one(process), -EPERM);

	assert_string_equal(fake_world_journal(), "");
	assert_int_equal(session_give_back(&session), 0);
	assert_string_equal(fake_world_journal(), "");
}

static void ask_every_process_asks_the_utility_in_place_of_proc(void **state)
{
	const struct survey_policy every = { .ask_every_process = true };
	const struct fake_process *process = add_process(WITHOUT_CUDA);

	(void)state;
	session_init(&session, &tool, NULL, &every);

	assert_int_equal(pause_one(process), -ENXIO);

	assert_string_equal(fake_world_journal(), "get-state 100 = ENXIO;threads 100;");
}

static void libcuda_without_cuda_is_not_ours_and_not_logged(void **state)
{
	const struct fake_process *process = add_process(WITH_LIBRARY);

	(void)state;

	assert_int_equal(pause_one(process), -ENXIO);

	assert_int_equal(process->actions, 0);
	assert_int_equal(fake_log.length, 0);
}

static void starting_cuda_fails_the_dump_with_try_again(void **state)
{
	const struct fake_process *process = add_process(STARTING);

	(void)state;

	assert_int_equal(pause_one(process), -EAGAIN);

	assert_true(fake_log_has("pid 100: it has a restore thread that the utility "
				 "does not find"));
	assert_true(fake_log_has("try again\n"));
	assert_int_equal(process->actions, 0);
}

static void latecomer_fails_the_dump_with_try_again(void **state)
{
	struct fake_process *process = add_process(LATE);

	(void)state;

	assert_int_equal(pause_one(process), -ENXIO);
	start_cuda_late(process, LATE);
	seize(process);
	assert_int_equal(session_checkpoint(&session, process->pid), -EAGAIN);
	assert_int_equal(session_give_back(&session), 0);

	assert_true(fake_log_has("pid 100: it became a CUDA process after it had been "
				 "paused; try again\n"));
	assert_int_equal(process->actions, 0);
	assert_int_equal(process->runs, 0);
}

static void stopped_process_fails_the_dump_and_says_how_to_continue_it(void **state)
{
	const struct fake_process *process = add_process(STOPPED);

	(void)state;

	assert_int_equal(pause_one(process), -EBUSY);

	assert_true(fake_log_has("pid 100: it is stopped; continue it (kill -CONT)"));
	assert_int_equal(process->questions, 0);
	assert_int_equal(process->actions, 0);
}

static void lost_restore_thread_is_an_error_that_says_so(void **state)
{
	struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	process->is_cuda = false;

	assert_int_equal(session_checkpoint(&session, process->pid), -ENODATA);

	assert_true(fake_log_has("pid 100: it was a CUDA process, and is none any "
				 "more\n"));
	assert_int_equal(process->runs, 0);
}

static void error_of_the_action_counts_before_that_of_the_stop(void **state)
{
	struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	fake_world.fail_call = fake_world.calls + TO_CHECKPOINT;
	fake_world.failure = FAKE_TIMES_OUT;
	fake_world.fail_ever_after = true;

	assert_int_equal(session_checkpoint(&session, process->pid), -ETIMEDOUT);

	assert_string_equal(fake_world.failed, "checkpoint");
	assert_int_equal(process->stops, 1);
}

static void halted_restore_thread_is_tended_and_the_checkpoint_goes_on(void **state)
{
	struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	fake_world.fail_call = fake_world.calls + TO_CHECKPOINT;
	fake_world.failure = FAKE_HALTS;
	fake_world.journal_length = 0;

	assert_int_equal(session_checkpoint(&session, process->pid), 0);

	assert_string_equal(fake_world.failed, "checkpoint");
	assert_null(fake_world.crime);
	assert_string_equal(fake_world_journal(),
			    "goes-on 100;tracer 100;get-restore-tid 100;tracer 101;"
			    "run 101;tend 101;checkpoint 100;stop 101;goes-on 100;");
}

static void process_that_ends_in_its_checkpoint_is_esrch_and_logged_once(void **state)
{
	struct fake_process *process = paused_and_seized(RUNNING);

	(void)state;
	fake_world.fail_call = fake_world.calls + TO_CHECKPOINT;
	fake_world.failure = FAKE_DIES;

	assert_int_equal(session_checkpoint(&session, process->pid), -ESRCH);

	assert_string_equal(fake_world.failed, "checkpoint");
	assert_int_equal(fake_log_errors(), 1);
	assert_int_equal(process->stops, 1);
}

static void process_that_ends_in_its_lock_is_none_of_ours(void **state)
{
	const struct fake_process *process = add_process(RUNNING);

	(void)state;
	fake_world.fail_call = TO_LOCK;
	fake_world.failure = FAKE_DIES;

	assert_int_equal(pause_one(process), -ENXIO);

	assert_string_equal(fake_world.failed, "lock");
	assert_int_equal(fake_log_errors(), 1);
	assert_true(fake_log_has("pid 100: it ended while the utility was at work"));
}

static void resume_restores_and_unlocks(void **state)
{
	struct fake_process *process = add_process(CHECKPOINTED);

	(void)state;
	seize(process);

	assert_int_equal(session_resume(&session, process->pid), 0);

	assert_int_equal(process->rung, CUDA_RUNNING);
	assert_string_equal(
		fake_world_journal(),
		"tree 100;maps 100;tracer 100;get-restore-tid 100;start 100;"
		"owe 100;tracer 101;run 101;restore 100;unlock 100;stop 101;");
	assert_false(process->owed);
	assert_int_equal(fake_log.lines[LOG_LEVEL_INFO], 1);
	assert_true(fake_log_has("cuda_plugin: pid 100: restored in "));
}

static void resume_of_others_is_not_ours(void **state)
{
	(void)state;
	seize(add_process(WITHOUT_CUDA));
	seize(add_process(WITH_LIBRARY));

	assert_int_equal(session_resume(&session, FIRST_PID), -ENXIO);
	assert_int_equal(session_resume(&session, FIRST_PID + PID_STEP), -ENXIO);

	assert_int_equal(fake_log.length, 0);
	assert_int_equal(fake_tool_runs(), 1);
}

static void dump_and_kill_costs_four_runs(void **state)
{
	(void)state;

	checkpointed(RUNNING);

	assert_int_equal(fake_tool_runs(), 4);
}

static void dump_that_leaves_running_costs_six_runs(void **state)
{
	(void)state;

	checkpointed(RUNNING);
	assert_int_equal(session_give_back(&session), 0);

	assert_int_equal(fake_tool_runs(), 6);
}

static void restore_costs_three_runs(void **state)
{
	struct fake_process *process = add_process(CHECKPOINTED);

	(void)state;
	seize(process);

	assert_int_equal(session_resume(&session, process->pid), 0);

	assert_int_equal(fake_tool_runs(), 3);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(pause_locks_a_running_process_within_the_timeout),
		CASE(pause_passes_no_limit_on),
		CASE(checkpoint_lets_only_the_restore_thread_run),
		CASE(only_a_checkpoint_populates_buffers),
		CASE(no_more_threads_populate_a_buffer_than_there_are_cpus_for_it),
		CASE(memory_is_taken_once_the_threads_stand_still_again),
		CASE(memory_is_back_before_the_driver_restores),
		CASE(memory_that_cannot_be_written_fails_the_dump_and_is_still_there),
		CASE(found_failed_is_refused_and_named),
		CASE(found_in_an_operation_is_refused_with_try_again),
		CASE(without_libcuda_costs_no_run),
		CASE(tree_is_surveyed_once_before_the_first_process),
		CASE(dump_that_is_refused_touches_nothing),
		CASE(ask_every_process_asks_the_utility_in_place_of_proc),
		CASE(libcuda_without_cuda_is_not_ours_and_not_logged),
		CASE(starting_cuda_fails_the_dump_with_try_again),
		CASE(latecomer_fails_the_dump_with_try_again),
		CASE(stopped_process_fails_the_dump_and_says_how_to_continue_it),
		CASE(lost_restore_thread_is_an_error_that_says_so),
		CASE(error_of_the_action_counts_before_that_of_the_stop),
		CASE(halted_restore_thread_is_tended_and_the_checkpoint_goes_on),
		CASE(process_that_ends_in_its_checkpoint_is_esrch_and_logged_once),
		CASE(process_that_ends_in_its_lock_is_none_of_ours),
		CASE(resume_restores_and_unlocks),
		CASE(resume_of_others_is_not_ours),
		CASE(dump_and_kill_costs_four_runs),
		CASE(dump_that_leaves_running_costs_six_runs),
		CASE(restore_costs_three_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
