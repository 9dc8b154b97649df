/* SPDX-License-Identifier: GPL-2.0-only */
/* After a dump that lets the tasks live, or that failed, each is as it was found. */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "meanwhile.h"

static const char *const rungs[] = { "running", "locked", "checkpointed" };

/* The tasks are alive: the leader must be continued if it was left stopped. */
static void assert_found_rung_after(struct criu criu, bool fails)
{
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
		const struct criu_report *report;

		utility_know(&fixture.gpu, rungs[i]);

		report = criu_dump(&criu);

		assert_clean(report);
		assert_int_equal(report->failed, fails);
		if (criu.final_state == CRIU_LEAVE_STOPPED && !fails) {
			assert_true(task_stands_still(&fixture.gpu));
			kill(fixture.gpu.pid, SIGCONT);
		}
		assert_goes_on(&fixture.gpu, rungs[i]);
	}
}

static void left_running_is_on_the_rung_found(void **state)
{
	struct criu criu = fixture_criu_both();

	(void)state;

	assert_found_rung_after(criu, false);
}

static void left_stopped_is_on_the_rung_found(void **state)
{
	struct criu criu = fixture_criu_both();

	(void)state;
	criu.final_state = CRIU_LEAVE_STOPPED;

	assert_found_rung_after(criu, false);
}

static void dump_that_fails_anywhere_gives_back(void **state)
{
	(void)state;

	for (int failure = CRIU_FAILS_AFTER_PAUSE; failure <= CRIU_FAILS_LATER;
	     failure++) {
		struct criu criu = fixture_criu();

		criu.final_state = CRIU_KILL;
		criu.failure = (enum criu_failure)failure;

		assert_found_rung_after(criu, true);
	}
}

static void leave_running_costs_five_runs(void **state)
{
	struct criu criu = fixture_criu();

	(void)state;

	assert_clean(criu_dump(&criu));

	assert_int_equal(utility_runs(NULL, NULL, NULL), 5);
}

static void refused_checkpoint_is_unlocked_and_the_message_logged(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	utility_fault("checkpoint", "fail");

	report = criu_dump(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_true(logged(report, "\"operation not supported\""));
	assert_goes_on(&fixture.gpu, "running");
}

static void utility_that_fails_when_it_is_done_is_asked_again(void **state)
{
	static const char *const operations[] = { "lock", "checkpoint", "restore",
						  "unlock" };

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		struct criu criu = fixture_criu();

		utility_know(&fixture.gpu, "running");
		utility_fault(operations[i], "once-done");
		if (i >= 2)
			criu.failure = CRIU_FAILS_LATER;

		assert_clean(criu_dump(&criu));

		if (i < 2)
			assert_goes_on(&fixture.gpu, "running");
		else
			assert_true(task_goes_on(&fixture.gpu));
	}
}

static void rubbish_is_no_answer(void **state)
{
	static const char *const questions[] = { "get-state", "get-restore-tid" };

	(void)state;
	fixture_rename_restore_thread();

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		struct criu criu = fixture_criu();
		const struct criu_report *report;

		utility_fault(questions[i], "once-rubbish");

		report = criu_dump(&criu);

		assert_clean(report);
		assert_true(report->failed);
		assert_true(logged(report, "lorem ipsum"));
		assert_goes_on(&fixture.gpu, "running");
	}
}

static void missing_utility_fails_the_dump_and_says_what_to_do(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	criu.environment = "force,cuda-checkpoint=/nowhere/cuda-checkpoint";

	report = criu_dump(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_int_equal(report->pause[0], -ENOENT);
	assert_true(logged(report, "/nowhere/cuda-checkpoint"));
	assert_true(task_goes_on(&fixture.gpu));
}

static void lock_that_hangs_ends_with_its_timeout(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	if (strcmp(criu_version(), "4.3") != 0 || !criu_has_list())
		skip(); /* one that takes five seconds is enough */
	utility_fault("lock", "hang");
	criu.environment = fixture_options("timeout=0.1");

	report = criu_dump(&criu);

	assert_clean(report);
	assert_true(report->failed);
	assert_int_equal(report->pause[0], -ETIMEDOUT);
	assert_goes_on(&fixture.gpu, "running");
}

/* The stand-in does not see that the process has ended: it would hang for ever. */
static void process_killed_in_its_checkpoint_fails_the_dump_at_once(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;
	struct meanwhile killed;

	(void)state;
	utility_fault("checkpoint", "hang");
	meanwhile_send(&killed, fixture.gpu.pid, SIGKILL);

	report = criu_dump(&criu);

	meanwhile_end(&killed);
	assert_true(clock_ms() - killed.sent_ms < 2000);
	assert_true(report->finished);
	assert_true(report->failed);
	assert_int_equal(report->checkpoint[0], -ESRCH);
	assert_int_equal(report->children_left, 0);
	assert_int_equal(report->descriptors_left, 0);
	assert_false(report->signals_changed);
	assert_true(logged(report, "it ended while the driver was at work"));
}

static void stopped_process_fails_the_dump_at_once_and_stays_stopped(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	kill(fixture.gpu.pid, SIGSTOP);
	assert_true(task_stands_still(&fixture.gpu));

	report = criu_dump(&criu);

	assert_clean(report);
	assert_int_equal(report->pause[0], -EBUSY);
	assert_int_equal(utility_runs("get-state", NULL, NULL), 0);
	assert_true(logged(report, "it is stopped; continue it (kill -CONT)"));
	assert_true(task_stands_still(&fixture.gpu));
	kill(fixture.gpu.pid, SIGCONT);
	assert_goes_on(&fixture.gpu, "running");
}

static void process_that_cannot_be_given_back_is_named(void **state)
{
	struct criu criu = fixture_criu();
	const struct criu_report *report;

	(void)state;
	utility_fault("restore", "fail");

	report = criu_dump(&criu);

	assert_clean(report);
	assert_true(utility_says(&fixture.gpu, "checkpointed"));
	assert_true(logged(report, "cannot restore"));
	assert_true(logged(report, "not every process could be brought back"));
}

int give_back_tests(void)
{
	const struct CMUnitTest tests[] = {
		claim(left_running_is_on_the_rung_found),
		claim(left_stopped_is_on_the_rung_found),
		claim(dump_that_fails_anywhere_gives_back),
		claim(leave_running_costs_five_runs),
		claim(refused_checkpoint_is_unlocked_and_the_message_logged),
		claim(utility_that_fails_when_it_is_done_is_asked_again),
		claim(rubbish_is_no_answer),
		claim(missing_utility_fails_the_dump_and_says_what_to_do),
		claim(lock_that_hangs_ends_with_its_timeout),
		claim(process_killed_in_its_checkpoint_fails_the_dump_at_once),
		claim(stopped_process_fails_the_dump_at_once_and_stays_stopped),
		claim(process_that_cannot_be_given_back_is_named),
	};

	return cmocka_run_group_tests_name("give back", tests, NULL, NULL);
}
