/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several processes: the work is done for all of them the first time, and then it is
 * only looked up.
 */
#include "session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_log.h"
#include "fake_offload.h"
#include "fake_proc.h"
#include "fake_survey.h"
#include "fake_tool.h"
#include "session_steps.h"

static struct fake_process *process_at(size_t i)
{
	return &fake_world.processes[i];
}

static void add_processes(const enum kind *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_process(kinds[i]);
}

static void seize_all(void)
{
	for (size_t i = 0; i < fake_world.count; i++)
		seize(process_at(i));
}

static const enum kind mixed[] = { WITHOUT_CUDA, RUNNING, RUNNING };

static void first_pause_locks_the_whole_tree(void **state)
{
	(void)state;
	add_processes(mixed, 3);

	assert_int_equal(pause_one(process_at(0)), -ENXIO);

	assert_int_equal(process_at(1)->rung, CUDA_LOCKED);
	assert_int_equal(process_at(2)->rung, CUDA_LOCKED);
	assert_string_equal(fake_world_journal(),
			    "stopped 110;stopped 120;get-state 110;get-state 120;"
			    "start 110;start 120;owe 110;owe 120;"
			    "lock 110 timeout 50;lock 120 timeout 50;maps 100;");
}

static void later_calls_only_look_up(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	fake_world.journal_length = 0;

	assert_int_equal(pause_one(process_at(1)), 0);
	assert_int_equal(pause_one(process_at(2)), 0);
	assert_string_equal(fake_world_journal(), "");
	assert_int_equal(pause_one(process_at(0)), -ENXIO);

	assert_string_equal(fake_world_journal(), "maps 100;");
	assert_int_equal(fake_survey.calls, 1);
}

static void newcomer_is_locked_at_its_own_call(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	add_process(RUNNING);
	fake_world.journal_length = 0;

	assert_int_equal(pause_one(process_at(3)), 0);

	assert_int_equal(process_at(3)->rung, CUDA_LOCKED);
	assert_string_equal(fake_world_journal(),
			    "maps 130;stopped 130;get-state 130;start 130;owe 130;"
			    "lock 130 timeout 4000;");
}

static void process_that_comes_to_cuda_in_time_is_locked_at_its_own_call(void **state)
{
	(void)state;
	add_process(RUNNING);
	add_process(LATE);
	assert_int_equal(pause_one(process_at(0)), 0);
	start_cuda_late(process_at(1), LATE);

	assert_int_equal(pause_one(process_at(1)), 0);

	assert_int_equal(process_at(1)->rung, CUDA_LOCKED);
	assert_true(process_at(1)->owed);
}

/* It was asked in the survey: not each time anew. */
static void library_without_cuda_costs_one_question(void **state)
{
	(void)state;
	add_process(WITH_LIBRARY);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);

	assert_int_equal(fake_tool_runs(), 1);
}

static void failure_is_for_good(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	fake_survey.answer = -EPERM;
	assert_int_equal(session_survey(&session, process_at(0)->pid), -EPERM);

	assert_int_equal(session_survey(&session, process_at(0)->pid), -EPERM);
	assert_int_equal(session_pause(&session, process_at(0)->pid, 0), -EPERM);
	assert_int_equal(session_checkpoint(&session, process_at(0)->pid), -EPERM);

	assert_string_equal(fake_world_journal(), "");
}

static void one_that_cannot_be_paused_fails_the_first_call_and_leaves_all(void **state)
{
	static const enum kind kinds[] = { WITHOUT_CUDA, RUNNING, FAILED };

	(void)state;
	add_processes(kinds, 3);

	assert_int_equal(pause_one(process_at(0)), -EBUSY);

	assert_true(fake_log_has("pid 120: its CUDA state is \"failed\""));
	assert_int_equal(process_at(1)->actions, 0);
}

static void first_checkpoint_is_for_all(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	seize_all();
	fake_world.journal_length = 0;

	assert_int_equal(session_checkpoint(&session, process_at(0)->pid), -ENXIO);

	assert_int_equal(process_at(1)->rung, CUDA_CHECKPOINTED);
	assert_int_equal(process_at(2)->rung, CUDA_CHECKPOINTED);
	assert_string_equal(fake_world_journal(),
			    "goes-on 110;tracer 110;goes-on 120;tracer 120;"
			    "get-restore-tid 110;get-restore-tid 120;"
			    "tracer 111;run 111;tracer 121;run 121;"
			    "checkpoint 110;checkpoint 120;stop 121;stop 111;maps 100;");
	fake_world.journal_length = 0;
	assert_int_equal(session_checkpoint(&session, process_at(1)->pid), 0);
	assert_int_equal(session_checkpoint(&session, process_at(2)->pid), 0);
	assert_string_equal(fake_world_journal(), "goes-on 110;goes-on 120;");
}

static void others_are_waited_for_when_one_cannot_be_checkpointed(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	seize_all();
	fake_world.fail_call = fake_world.calls + 11;
	fake_world.failure = FAKE_FAILS;

	assert_int_equal(session_checkpoint(&session, process_at(0)->pid), -EIO);

	assert_string_equal(fake_world.failed, "checkpoint");
	assert_int_equal(process_at(1)->rung, CUDA_LOCKED);
	assert_int_equal(process_at(2)->rung, CUDA_CHECKPOINTED);
	assert_true(fake_log_has("pid 120: checkpointed in "));
	assert_int_equal(session_give_back(&session), 0);
	assert_int_equal(process_at(1)->rung, CUDA_RUNNING);
	assert_int_equal(process_at(2)->rung, CUDA_RUNNING);
}

/* CRIU dumps what is below the root: one whose parent has ended is so no more. */
static void process_that_left_the_tree_is_given_back(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	seize(process_at(0));
	seize(process_at(1));

	assert_int_equal(session_checkpoint(&session, process_at(0)->pid), -ENXIO);

	assert_int_equal(process_at(1)->rung, CUDA_CHECKPOINTED);
	assert_int_equal(process_at(2)->rung, CUDA_RUNNING);
	assert_false(process_at(2)->owed);
	assert_true(
		fake_log_has("pid 120: it is not in the dump any more, its parent has "
			     "ended; giving it back\n"));
	assert_true(fake_log_has("pid 120: given back, running\n"));
}

static void process_that_ended_before_the_checkpoint_is_passed_over(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	process_at(1)->gone = true;
	seize_all();

	assert_int_equal(session_checkpoint(&session, process_at(0)->pid), -ENXIO);

	assert_int_equal(process_at(1)->actions, 1);
	assert_int_equal(process_at(2)->rung, CUDA_CHECKPOINTED);
}

static void all_are_given_back_at_once_each_to_its_rung(void **state)
{
	static const enum kind kinds[] = { RUNNING, LOCKED, CHECKPOINTED, RUNNING };

	(void)state;
	add_processes(kinds, 4);
	assert_int_equal(pause_one(process_at(0)), 0);
	seize_all();
	assert_int_equal(session_checkpoint(&session, process_at(0)->pid), 0);
	fake_world.journal_length = 0;

	assert_int_equal(session_give_back(&session), 0);

	assert_string_equal(fake_world_journal(),
			    "goes-on 100;goes-on 110;goes-on 130;"
			    "tracer 101;run 101;tracer 131;run 131;"
			    "restore 100;restore 130;unlock 100;unlock 130;"
			    "stop 131;stop 101;"
			    "tracer 111;run 111;restore 110;stop 111;");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(process_at(i)->rung, kind_rung(kinds[i]));
}

static const enum kind restored[] = { WITHOUT_CUDA, CHECKPOINTED, CHECKPOINTED };

static void first_resume_is_for_all(void **state)
{
	(void)state;
	add_processes(restored, 3);
	seize_all();

	assert_int_equal(session_resume(&session, process_at(0)->pid), -ENXIO);

	assert_int_equal(process_at(1)->rung, CUDA_RUNNING);
	assert_int_equal(process_at(2)->rung, CUDA_RUNNING);
	fake_world.journal_length = 0;
	assert_int_equal(session_resume(&session, process_at(1)->pid), 0);
	assert_int_equal(session_resume(&session, process_at(2)->pid), 0);
	assert_string_equal(fake_world_journal(), "");
}

static void all_that_are_restored_are_owed_before_the_first_is_touched(void **state)
{
	const struct fake_entry *entry;
	unsigned int owed = 0;

	(void)state;
	add_processes(restored, 3);
	seize_all();
	assert_int_equal(session_resume(&session, process_at(0)->pid), -ENXIO);

	for (entry = fake_world.journal; strcmp(entry->call, "run") != 0; entry++)
		owed += strcmp(entry->call, "owe") == 0;
	assert_int_equal(owed, 2);
}

static void process_of_somebody_else_is_not_resumed(void **state)
{
	(void)state;
	add_processes(restored, 3);
	seize(process_at(0));
	seize(process_at(1));

	assert_int_equal(session_resume(&session, process_at(0)->pid), -ENXIO);

	assert_int_equal(process_at(2)->actions, 0);
}

static void named_process_that_is_not_held_fails_the_restore(void **state)
{
	const struct fake_process *process = add_process(CHECKPOINTED);

	(void)state;
	assert_int_equal(session_resume(&session, process->pid), -EPERM);

	assert_true(fake_log_has("pid 100: it was restored, and this CRIU does not hold "
				 "it\n"));
	assert_int_equal(process->actions, 0);
}

/* What a process had has gone with its exec. */
static void process_that_lost_its_cuda_is_owed_nothing(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	process_at(1)->is_cuda = false;

	assert_int_equal(session_give_back(&session), 0);

	assert_false(process_at(1)->owed);
	assert_int_equal(process_at(2)->rung, CUDA_RUNNING);
	assert_true(
		fake_log_has("pid 110: without CUDA there is nothing to give back\n"));
}

static void job_is_known_before_it_is_asked(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	process_at(2)->in_job = true;
	assert_int_equal(pause_one(process_at(0)), -ENXIO);

	assert_false(session.roster.processes[0]->goes_alone);
	assert_true(session.roster.processes[1]->goes_alone);
}

static void restore_that_failed_for_one_has_failed_for_all(void **state)
{
	(void)state;
	add_processes(restored, 3);
	seize_all();
	fake_world.fail_call = 17;
	fake_world.failure = FAKE_FAILS;

	assert_int_equal(session_resume(&session, process_at(0)->pid), -EIO);

	assert_string_equal(fake_world.failed, "restore");
	assert_int_equal(process_at(1)->rung, CUDA_CHECKPOINTED);
	assert_int_equal(process_at(2)->rung, CUDA_RUNNING);
	assert_int_equal(session_resume(&session, process_at(2)->pid), -EIO);
}

static void memory_goes_out_wave_by_wave_and_comes_back_so(void **state)
{
	static const struct offload wanted = { .is_wanted = true };

	(void)state;
	add_processes(mixed, 3);
	tool.offload = &wanted;
	fake_offload_wave = 1;
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	seize_all();
	fake_world.journal_length = 0;

	assert_int_equal(session_checkpoint(&session, process_at(0)->pid), -ENXIO);
	assert_non_null(
		strstr(fake_world_journal(), "checkpoint 110;stop 111;write 110;"));
	assert_non_null(
		strstr(fake_world_journal(), "checkpoint 120;stop 121;write 120;"));

	fake_world.journal_length = 0;
	assert_int_equal(session_give_back(&session), 0);
	assert_non_null(strstr(fake_world_journal(), "fill 110;restore 110;"));
	assert_non_null(strstr(fake_world_journal(), "fill 120;restore 120;"));
	assert_null(fake_world.crime);
}

static void after_a_wave_that_failed_there_is_no_other(void **state)
{
	static const struct offload wanted = { .is_wanted = true };

	(void)state;
	add_processes(mixed, 3);
	tool.offload = &wanted;
	fake_offload_wave = 1;
	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	seize_all();
	process_at(1)->rung = CUDA_FAILED; /* the driver has given it up meanwhile */

	assert_int_not_equal(session_checkpoint(&session, process_at(0)->pid), 0);

	assert_int_not_equal(process_at(2)->rung, CUDA_CHECKPOINTED);
}

/* What /proc shows is not asked for: a run less. */
static void restore_thread_that_proc_shows_costs_no_run(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	fake_world.shows_restore_threads = true;

	assert_int_equal(pause_one(process_at(0)), -ENXIO);
	seize_all();
	assert_int_equal(session_checkpoint(&session, process_at(0)->pid), -ENXIO);
	assert_int_equal(fake_tool_runs(), 2 * 3);
	assert_int_equal(session_give_back(&session), 0);
	assert_int_equal(fake_tool_runs(), 2 * 5);
}

static void others_are_counted(void **state)
{
	(void)state;
	add_processes(mixed, 3);
	assert_int_equal(pause_one(process_at(0)), -ENXIO);

	assert_int_equal(session_others(&session), 1);
	assert_int_equal(session.roster.count, 2);
	assert_int_equal(session.roster.processes[0]->bytes, FAKE_SURVEY_BYTES);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(first_pause_locks_the_whole_tree),
		CASE(later_calls_only_look_up),
		CASE(newcomer_is_locked_at_its_own_call),
		CASE(process_that_comes_to_cuda_in_time_is_locked_at_its_own_call),
		CASE(library_without_cuda_costs_one_question),
		CASE(failure_is_for_good),
		CASE(one_that_cannot_be_paused_fails_the_first_call_and_leaves_all),
		CASE(named_process_that_is_not_held_fails_the_restore),
		CASE(process_that_lost_its_cuda_is_owed_nothing),
		CASE(job_is_known_before_it_is_asked),
		CASE(first_checkpoint_is_for_all),
		CASE(others_are_waited_for_when_one_cannot_be_checkpointed),
		CASE(process_that_left_the_tree_is_given_back),
		CASE(process_that_ended_before_the_checkpoint_is_passed_over),
		CASE(all_are_given_back_at_once_each_to_its_rung),
		CASE(first_resume_is_for_all),
		CASE(all_that_are_restored_are_owed_before_the_first_is_touched),
		CASE(process_of_somebody_else_is_not_resumed),
		CASE(restore_that_failed_for_one_has_failed_for_all),
		CASE(memory_goes_out_wave_by_wave_and_comes_back_so),
		CASE(after_a_wave_that_failed_there_is_no_other),
		CASE(restore_thread_that_proc_shows_costs_no_run),
		CASE(others_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
