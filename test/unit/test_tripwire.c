/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tripwire: when it cannot be set, and that whatever has become of the thread, it is
 * mended. What it is for is tested in test_tracer_dies.c.
 */
#include "tripwire.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "restore_target.h"

#define CHILD_US 400000

static struct tripwire tripwire;
static const struct user_regs_struct none;

static int no_tripwire_yet(void **state)
{
	memset(&tripwire, 0, sizeof(tripwire));
	return no_target_yet(state);
}

static int set(void)
{
	return tripwire_set(&tripwire, target, restore_tid(), &none, &none);
}

/* Of a thread that is not where a call of ours would be: as if that had been over. */
static void set_for(pid_t pid, pid_t tid)
{
	tripwire.pid = pid;
	tripwire.tid = tid;
	tripwire.given = none;
	atomic_store(&tripwire.is_set, true);
}

static bool all_went_on(void)
{
	for (int i = 0; i < THREADS; i++)
		if (shared->count[i] <= count_before[i] + 2)
			return false;

	return true;
}

static bool is_stopped(void)
{
	return state_of(target) == 'T' && state_of(restore_tid()) == 'T';
}

/* --- set ---------------------------------------------------------------------------- */

static void thread_that_is_let_go_stops_with_its_process(void **state)
{
	(void)state;
	start_target(body_count, false);

	assert_int_equal(set(), 0);
	assert_true(atomic_load(&tripwire.is_set));
	assert_true(tripwire_is_to_strike(&tripwire));
	detach_all();

	await(is_stopped);
	assert_false(tripwire_is_to_strike(&tripwire));
	note_counts();
	assert_int_equal(tripwire_mend(&tripwire), 0);
	await(all_went_on);
	assert_false(atomic_load(&tripwire.is_set));
}

static void signal_that_ours_would_take_the_place_of_refuses_it(void **state)
{
	static const struct {
		int signo;
		bool to_thread;
	} cases[] = { { SIGSTOP, true }, { SIGCONT, true }, { SIGCONT, false } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(no_tripwire_yet(state), 0);
		start_target(body_count, false);
		if (cases[i].to_thread)
			syscall(SYS_tgkill, target, restore_tid(), cases[i].signo);
		else
			kill(target, cases[i].signo);

		assert_int_equal(set(), -EBUSY);

		assert_false(atomic_load(&tripwire.is_set));
		assert_int_equal(end_target(state), 0);
	}
}

static void thread_that_is_gone_has_none(void **state)
{
	const pid_t gone = fork();

	(void)state;
	if (gone == 0)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);

	assert_int_equal(tripwire_set(&tripwire, gone, gone, &none, &none), -ESRCH);
	assert_false(atomic_load(&tripwire.is_set));

	set_for(gone, gone);
	assert_int_equal(tripwire_mend(&tripwire), 0);
	assert_false(atomic_load(&tripwire.is_set));
}

/* --- mended ------------------------------------------------------------------------- */

static void one_that_is_not_set_needs_nothing(void **state)
{
	(void)state;
	tripwire.tid = -1;

	assert_int_equal(tripwire_mend(&tripwire), 0);
}

/* The tracer died before it had sent the SIGSTOP, or had taken it away. */
static void thread_that_will_not_stop_is_left_alone(void **state)
{
	(void)state;
	start_target(body_count, false);
	detach_all();
	set_for(target, restore_tid());
	note_counts();

	assert_int_equal(tripwire_mend(&tripwire), 0);

	assert_false(atomic_load(&tripwire.is_set));
	await(all_went_on);
}

/* The registers that a stopped thread has are no longer those of a call of ours. */
static void thread_with_its_own_registers_is_only_continued(void **state)
{
	(void)state;
	start_target(body_count, false);
	detach_all();
	kill(target, SIGSTOP);
	await(is_stopped);
	set_for(target, restore_tid());
	note_counts();

	assert_int_equal(tripwire_mend(&tripwire), 0);

	await(all_went_on);
}

/* From when it has been let go on, for a while, and nothing interrupts it. */
static void body_waits(void)
{
	usleep(5 * A_WHILE_US);
	shared->word = 1;
	if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL) == 0) {
		usleep(CHILD_US);
		_exit(0);
	}
	body_count();
}

static bool word_is_given(void)
{
	return shared->word == 1;
}

/* As one in the middle of a call that nothing interrupts. */
static void stop_that_is_to_come_is_waited_for(void **state)
{
	int ret, tries = 0;

	(void)state;
	start_target(body_waits, false);
	detach_all();
	await(word_is_given);
	set_for(target, restore_tid());
	syscall(SYS_tgkill, target, restore_tid(), SIGSTOP);

	while ((ret = tripwire_mend(&tripwire)) == -EAGAIN) {
		assert_true(atomic_load(&tripwire.is_set));
		tries++;
		usleep(10000);
	}

	assert_int_equal(ret, 0);
	assert_true(tries > 3);
	note_counts();
	await(all_went_on);
}

static void thread_that_somebody_else_traces_is_mended_later(void **state)
{
	pid_t other;

	(void)state;
	start_target(body_count, false);
	detach_all();
	kill(target, SIGSTOP);
	await(is_stopped);
	set_for(target, restore_tid());
	other = fork();
	if (other == 0) {
		if (ptrace(PTRACE_SEIZE, restore_tid(), NULL, NULL) < 0)
			_exit(1);
		shared->word = 1;
		for (;;)
			pause();
	}
	await(word_is_given);

	assert_int_equal(tripwire_mend(&tripwire), -EPERM);
	assert_true(atomic_load(&tripwire.is_set));
	kill(other, SIGKILL);
	assert_int_equal(waitpid(other, NULL, 0), other);

	assert_int_equal(tripwire_mend(&tripwire), 0);
	note_counts();
	await(all_went_on);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_tripwire_yet, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(thread_that_is_let_go_stops_with_its_process),
		CASE(signal_that_ours_would_take_the_place_of_refuses_it),
		CASE(thread_that_is_gone_has_none),
		CASE(one_that_is_not_set_needs_nothing),
		CASE(thread_that_will_not_stop_is_left_alone),
		CASE(thread_with_its_own_registers_is_only_continued),
		CASE(stop_that_is_to_come_is_waited_for),
		CASE(thread_that_somebody_else_traces_is_mended_later),
	};

	return cmocka_run_group_tests(tests, map_shared, NULL);
}
