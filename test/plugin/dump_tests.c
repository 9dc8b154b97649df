/* SPDX-License-Identifier: GPL-2.0-only */
/* A dump, up to the checkpoint and the inventory. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "inventory_image.h"

static bool is_4_0(void)
{
	return !criu_has_list();
}

static void cuda_process_is_locked_then_checkpointed(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;
	struct utility_run run;

	(void)state;
	criu.final_state = CRIU_KILL;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_false(report->failed);
	assert_int_equal(report->pause[0], 0);
	assert_int_equal(report->checkpoint[0], 0);
	assert_true(utility_says(&fixture.gpu, "checkpointed"));
	assert_int_equal(utility_runs("lock", NULL, &run), 1);
	assert_false(run.leader_stopped);
	assert_int_equal(utility_runs("checkpoint", NULL, &run), 1);
	assert_true(run.leader_stopped);
	assert_false(run.thread_stopped);
	assert_int_equal(task_killed_by(&fixture.gpu), SIGKILL);
	assert_int_equal(report->errors, 0);
}

static void dump_and_kill_costs_three_runs(void **state)
{
	struct criu criu = fixture_criu_both();
	const struct criu_report *report;

	(void)state;
	criu.final_state = CRIU_KILL;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(utility_runs(NULL, NULL, NULL), 3);
}

/* The question which thread it is. */
static void doubt_about_the_restore_thread_costs_one_run_more(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	fixture_rename_restore_thread();

	report = criu_dump(&criu);

	assert_clean(report);
	assert_false(report->failed);
	assert_int_equal(utility_runs("get-restore-tid", NULL, NULL), 1);
	assert_int_equal(utility_runs(NULL, NULL, NULL), 6);
	assert_goes_on(&fixture.gpu, "running");
}

static void restore_thread_blocks_all_signals_but_sigtrap(void **state)
{
	struct criu criu = fixture_criu();
	struct utility_run run;

	(void)state;

	assert_clean(criu_dump(&criu));

	assert_int_equal(utility_runs("checkpoint", NULL, &run), 1);
	assert_true(run.blocked == ALL_BUT_SIGTRAP);
}

static void signals_for_the_task_wait_until_it_goes_on(void **state)
{
	struct criu criu = fixture_criu();

	(void)state;
	utility_fault("checkpoint", "slow");
	criu.final_state = CRIU_LEAVE_STOPPED;

	assert_clean(criu_dump(&criu));

	assert_true(task_stands_still(&fixture.gpu));
	kill(fixture.gpu.pid, SIGCONT);
	assert_true(task_goes_on(&fixture.gpu));
}

static void ptrace_options_are_as_before(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	criu.checks_ptrace_options = true;

	report = criu_dump(&criu);

	assert_true(report->finished);
	assert_true(report->still_sysgood);
}

static void process_without_libcuda_is_not_ours_and_costs_no_run(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	criu.tasks[0] = &fixture.plain;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->pause[0], -ENOTSUP);
	assert_int_equal(report->checkpoint[0], -ENOTSUP);
	assert_int_equal(utility_runs(NULL, NULL, NULL), 0);
	assert_int_equal(report->added, 0);
	assert_int_equal(report->log_length, 0);
}

static void libcuda_without_cuda_is_not_ours(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	criu.tasks[0] = &fixture.loaded;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->pause[0], -ENOTSUP);
	assert_int_equal(report->checkpoint[0], -ENOTSUP);
	assert_int_equal(report->added, 0);
	assert_int_equal(report->log_length, 0);
}

static void process_that_is_starting_cuda_fails_the_dump(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	criu.tasks[0] = &fixture.starting;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_int_equal(report->pause[0], -EAGAIN);
	assert_true(logged(report, "try again"));
	assert_true(task_goes_on(&fixture.starting));
}

static void start_cuda(const struct task *task)
{
	if (task == &fixture.loaded)
		utility_know(task, "running");
}

static void process_that_becomes_cuda_after_pause_fails_the_dump(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	criu.tasks[criu.count++] = &fixture.loaded;
	criu.after_pause = start_cuda;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_int_equal(report->checkpoint[1], -EAGAIN);
	assert_true(logged(report, "became a CUDA process after it had been paused; "
				   "try again\n"));
	assert_goes_on(&fixture.gpu, "running");
	assert_goes_on(&fixture.loaded, "running");
	assert_int_equal(utility_runs("lock", &fixture.loaded, NULL), 0);
}

static void lock_waits_for_what_is_left_of_the_timer(void **state)
{
	struct criu criu = fixture_criu();
	struct utility_run lock;

	(void)state;
	criu.timer_ms = 7500;

	assert_clean(criu_dump(&criu));

	assert_int_equal(utility_runs("lock", NULL, &lock), 1);
	assert_in_range(lock.timeout_ms, 4000, 7500);
	assert_int_not_equal(lock.timeout_ms, 5000);
}

static void lock_without_timer_has_no_limit(void **state)
{
	struct criu criu = fixture_criu();
	struct utility_run lock;

	(void)state;

	assert_clean(criu_dump(&criu));

	assert_int_equal(utility_runs("lock", NULL, &lock), 1);
	assert_int_equal(lock.timeout_ms, -1);
}

static void option_timeout_outranks_the_timer(void **state)
{
	struct criu criu = fixture_criu();
	struct utility_run lock;

	(void)state;
	criu.timer_ms = 7500;
	criu.environment = fixture_options("timeout=60");

	assert_clean(criu_dump(&criu));

	assert_int_equal(utility_runs("lock", NULL, &lock), 1);
	assert_in_range(lock.timeout_ms, 59000, 60000);
}

/* CRIU aborts itself when its time to freeze has long been over: it must not run. */
static void timer_stands_still_for_a_timeout_of_ones_own(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	utility_fault("lock", "slow");
	criu.timer_ms = 300;
	criu.environment = fixture_options("timeout=10");

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->alarms, 0);
	assert_false(report->failed);
}

static void time_that_a_lock_has_used_up_is_over_once(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	utility_fault("lock", "slow");
	criu.timer_ms = 300;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->alarms, 1);
	assert_false(report->failed);
}

static void two_cuda_processes_enter_the_plugin_once(void **state)
{
	struct criu criu = fixture_criu_both();
	const struct criu_report *report;

	(void)state;
	criu.tasks[criu.count++] = &fixture.starting;
	utility_know(&fixture.starting, "running");

	report = criu_dump(&criu);

	assert_clean(report);
	assert_false(report->failed);
	assert_int_equal(report->added, is_4_0() ? 0 : 1);
}

static void dump_in_which_the_checkpoint_fails_enters_nothing(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	utility_fault("checkpoint", "fail");

	report = criu_dump(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_int_equal(report->added, 0);
}

static void criu_4_0_inventory_gets_the_plugin_behind_what_is_there(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;
	unsigned char bytes[INVENTORY_IMAGE_MAX];
	const unsigned char *message, *list;
	size_t message_size = inventory_image_message(&message);
	size_t list_size = inventory_image_list(&list);

	(void)state;
	if (!is_4_0())
		skip();
	criu.final_state = CRIU_KILL;

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(inventory_image_read(utility_folder(), bytes),
			 8 + message_size + list_size);
	assert_int_equal(bytes[4], message_size + list_size);
	assert_memory_equal(bytes + 8, message, message_size);
	assert_memory_equal(bytes + 8 + message_size, list, list_size);
}

static void criu_4_0_inventory_without_cuda_process_is_not_touched(void **state)
{
	struct criu criu = fixture_criu();
	unsigned char bytes[INVENTORY_IMAGE_MAX];
	const unsigned char *message;
	size_t message_size = inventory_image_message(&message);

	(void)state;
	if (!is_4_0())
		skip();
	criu.tasks[0] = &fixture.plain;

	assert_clean(criu_dump(&criu));

	assert_int_equal(inventory_image_read(utility_folder(), bytes), 8 + message_size);
}

static void newer_inventory_is_left_to_criu(void **state)
{
	struct criu criu = fixture_criu();
	unsigned char bytes[INVENTORY_IMAGE_MAX];
	const unsigned char *message, *list;
	size_t message_size = inventory_image_message(&message);
	size_t list_size = inventory_image_list(&list);

	(void)state;
	if (is_4_0())
		skip();

	assert_clean(criu_dump(&criu));

	assert_int_equal(inventory_image_read(utility_folder(), bytes),
			 8 + message_size + list_size);
}

int dump_tests(void)
{
	const struct CMUnitTest tests[] = {
		claim(cuda_process_is_locked_then_checkpointed),
		claim(dump_and_kill_costs_three_runs),
		claim(doubt_about_the_restore_thread_costs_one_run_more),
		claim(restore_thread_blocks_all_signals_but_sigtrap),
		claim(signals_for_the_task_wait_until_it_goes_on),
		claim(ptrace_options_are_as_before),
		claim(process_without_libcuda_is_not_ours_and_costs_no_run),
		claim(libcuda_without_cuda_is_not_ours),
		claim(process_that_is_starting_cuda_fails_the_dump),
		claim(process_that_becomes_cuda_after_pause_fails_the_dump),
		claim(lock_waits_for_what_is_left_of_the_timer),
		claim(lock_without_timer_has_no_limit),
		claim(option_timeout_outranks_the_timer),
		claim(timer_stands_still_for_a_timeout_of_ones_own),
		claim(time_that_a_lock_has_used_up_is_over_once),
		claim(two_cuda_processes_enter_the_plugin_once),
		claim(dump_in_which_the_checkpoint_fails_enters_nothing),
		claim(criu_4_0_inventory_gets_the_plugin_behind_what_is_there),
		claim(criu_4_0_inventory_without_cuda_process_is_not_touched),
		claim(newer_inventory_is_left_to_criu),
	};

	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
