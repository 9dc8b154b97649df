/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tracer that dies while the thread runs leaves its signals blocked: they are put back.
 */
#include "restore_thread.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"
#include "proc.h"
#include "restore_target.h"

static struct restore_thread thread;

static bool all_threads_went_on(void)
{
	for (int i = 0; i < THREADS; i++)
		if (shared->count[i] <= count_before[i] + 10)
			return false;

	return true;
}

/* As if we had died, and come back: its signals are blocked. */
static void abandon_target(void)
{
	start_target(body_count, false);
	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_false(restore_thread_is_abandoned(restore_tid()));
	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, restore_tid(), 0, 0), 0);
	assert_int_equal(waitpid(restore_tid(), NULL, __WALL), restore_tid());
	sigchld_put_back(&thread.sigchld);
}

static void signals_of_an_abandoned_thread_are_put_back(void **state)
{
	uint64_t mask;

	(void)state;
	abandon_target();
	assert_true(restore_thread_is_abandoned(restore_tid()));

	assert_int_equal(restore_thread_put_back(restore_tid(), BIT(SIGUSR2)), 0);
	detach_all();

	assert_false(restore_thread_is_abandoned(restore_tid()));
	assert_int_equal(proc_signals(restore_tid(), PROC_BLOCKED, &mask), 0);
	assert_true(mask == BIT(SIGUSR2));
	note_counts();
	await(all_threads_went_on);
}

/* It waited for its turn. */
static void signal_to_an_abandoned_thread_is_handled(void **state)
{
	(void)state;
	abandon_target();
	assert_int_equal(syscall(SYS_tgkill, target, restore_tid(), SIGUSR1), 0);
	assert_int_equal(shared->usr1, 0);

	assert_int_equal(restore_thread_put_back(restore_tid(), 0), 0);
	detach_all();

	note_counts();
	await(all_threads_went_on);
	assert_int_equal(shared->usr1, 1);
}

static void thread_that_is_not_stopped_cannot_be_put_back(void **state)
{
	(void)state;
	start_target(body_count, false);
	detach_all();

	assert_int_equal(restore_thread_put_back(restore_tid(), 0), -ESRCH);

	assert_true(fake_log_has("cannot set its signal mask"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_target_yet, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(signals_of_an_abandoned_thread_are_put_back),
		CASE(signal_to_an_abandoned_thread_is_handled),
		CASE(thread_that_is_not_stopped_cannot_be_put_back),
	};

	return cmocka_run_group_tests(tests, map_shared, NULL);
}
