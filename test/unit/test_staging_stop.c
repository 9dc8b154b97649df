/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Something comes in between, at each step on the way to a buffer: the operation is
 * broken off, the process is killed, a signal arrives.
 */
#include "staging.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "fake_log.h"
#include "staging_target.h"

/* Stops until the buffer has been made, and some more. */
#define STEPS	    16
#define PATIENCE_MS 10000

/* --- step by step ------------------------------------------------------------------- */

/*
 * Wait until it has stopped, and leave the stop to be seen; but not if it is kept where
 * it is, or runs freely.
 */
static void await_stop(void)
{
	const int64_t end = clock_ms() + PATIENCE_MS;
	siginfo_t info = { .si_pid = 0 };

	while (!info.si_pid && clock_ms() < end) {
		usleep(500);
		if (thread.halt || !staging_wants_system_calls(thread.staging))
			return;
		if (waitid(P_PID, (id_t)restore_tid(), &info,
			   WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
			return;
	}
}

/* Which of the states in which it can be broken off have been met. */
static struct {
	unsigned int in_hand, held;
} met;

/* Start it, and tend it in its first @steps stops; the next has come, or will not. */
static void take_steps(int steps)
{
	start_staged(OUR_THREADS);
	for (int i = 0; i < steps; i++) {
		await_stop();
		assert_int_equal(restore_thread_tend(&thread), 0);
	}

	met.held += staging_holds(thread.staging);
	met.in_hand += staging_is_in_hand(thread.staging);
}

static void begin(int step)
{
	if (!step)
		met.in_hand = met.held = 0;
	assert_int_equal(no_mapping_yet(NULL), 0);
}

static void assert_all_was_met(void)
{
	assert_true(met.in_hand >= 1);
}

/* --- the operation is broken off -----------------------------------------------------
 */

static void stopped_at_each_step_it_goes_on_as_without(void **state)
{
	(void)state;
	for (int step = 0; step < 2 * STEPS; step++) {
		begin(step);
		take_steps(step / 2);
		if (step % 2)
			await_stop();

		stop_well();

		go_on_and_end_well(1);
		assert_int_equal(fake_log_errors(), 0);
		assert_int_equal(fake_log.lines[LOG_LEVEL_WARN], 0);
		assert_int_equal(shared->trap, 0);
		assert_int_equal(end_target(NULL), 0);
	}
	assert_all_was_met();
}

static void stopped_while_touching_it_ends_our_threads(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		begin(i);
		staged->calls[0].arguments[1] = 128 * MIB;
		start_staged(1);
		do {
			await_stop();
			assert_int_equal(restore_thread_tend(&thread), 0);
		} while (!staged->made && !staging_holds(thread.staging));
		met.held += !staged->made;

		stop_well();

		go_on_and_end_well(1);
		assert_int_equal(fake_log_errors(), 0);
		assert_int_equal(end_target(NULL), 0);
	}
	assert_true(met.held > 0);
}

static void run_again_after_each_step_it_is_populated(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		begin(step);
		take_steps(step);
		stop_well();
		assert_int_equal(
			restore_thread_run(target, restore_tid(), &ours, &thread), 0);

		tend_until_made(0);

		assert_made_well(0);
		stop_well();
		go_on_and_end_well(1);
		assert_int_equal(end_target(NULL), 0);
	}
}

/* --- the process ends --------------------------------------------------------------- */

static bool tend_sees_the_end(void)
{
	const int ret = restore_thread_tend(&thread);

	assert_true(ret == 0 || ret == -ESRCH);
	return ret == -ESRCH;
}

static void killed_at_each_step_it_is_seen(void **state)
{
	(void)state;
	for (int step = 0; step < 2 * STEPS; step++) {
		begin(step);
		take_steps(step / 2);
		if (step % 2)
			await_stop();

		kill(target, SIGKILL);

		await(tend_sees_the_end);
		assert_int_equal(restore_thread_stop(&thread), -ESRCH);
		assert_int_equal(fake_log_errors(), 1);
		assert_int_equal(end_target(NULL), 0);
	}
	assert_all_was_met();
}

static void killed_at_each_step_it_is_seen_by_the_stop(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		begin(step);
		take_steps(step);

		kill(target, SIGKILL);

		assert_int_equal(restore_thread_stop(&thread), -ESRCH);
		assert_int_equal(fake_log_errors(), 1);
		assert_int_equal(end_target(NULL), 0);
	}
	assert_all_was_met();
}

/* --- a signal arrives --------------------------------------------------------------- */

/*
 * At a step, before a stop is seen that has come already. To the thread itself, but for
 * SIGSTOP, of which it has one already in the middle of a call of ours.
 */
static void take_steps_and_send(int step, int signo)
{
	begin(step);
	take_steps(step);
	await_stop();
	if (signo == SIGSTOP)
		kill(target, signo);
	else
		assert_int_equal(syscall(SYS_tgkill, target, restore_tid(), signo), 0);
}

static bool target_is_stopped(void)
{
	return state_of(target) == 'T' && state_of(restore_tid()) == 'T';
}

static void sigstop_at_each_step_waits_for_the_process(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		take_steps_and_send(step, SIGSTOP);

		tend_until_made(0);

		assert_made_well(0);
		assert_populated(0);
		stop_well();
		detach_all();
		await(target_is_stopped);
		kill(target, SIGCONT);
		note_counts();
		await(restore_thread_went_on);
		assert_int_equal(fake_log_errors(), 0);
		assert_int_equal(end_target(NULL), 0);
	}
	assert_all_was_met();
}

/* It takes each SIGSTOP away that has not yet stopped anybody, ours too. */
static void sigcont_at_each_step_changes_nothing(void **state)
{
	(void)state;
	for (int step = 0; step < 2 * STEPS; step++) {
		take_steps_and_send(step / 2, SIGCONT);
		if (step % 2)
			tend_until_made(0);

		stop_well();

		assert_false(atomic_load(&staged->tripwire.is_set));
		go_on_and_end_well(1);
		assert_int_equal(fake_log_errors(), 0);
		assert_int_equal(end_target(NULL), 0);
	}
	assert_all_was_met();
}

static bool went_on_tended(void)
{
	assert_int_equal(restore_thread_tend(&thread), 0);
	return restore_thread_went_on();
}

static bool trap_handled(void)
{
	return shared->trap != 0;
}

static void sigtrap_at_each_step_waits_and_arrives_once(void **state)
{
	(void)state;
	for (int step = 0; step < STEPS; step++) {
		take_steps_and_send(step, SIGTRAP);

		tend_until_made(0);

		assert_made_well(0);
		assert_populated(0);
		note_counts();
		await(went_on_tended);
		assert_int_equal(shared->trap, 0);
		stop_well();
		go_on_and_end_well(1);
		await(trap_handled);
		assert_int_equal(shared->trap, 1);
		assert_int_equal(end_target(NULL), 0);
	}
	assert_all_was_met();
}

static void signal_at_each_step_and_a_stop_are_not_lost(void **state)
{
	static const int signals[] = { SIGSTOP, SIGTRAP };

	(void)state;
	for (int step = 0; step < 2 * STEPS; step++) {
		const int signo = signals[step % 2];

		take_steps_and_send(step / 2, signo);

		/* Its mask may be that of the handler of SIGTRAP, which is to begin. */
		assert_int_equal(restore_thread_stop(&thread), 0);
		assert_held(restore_tid());

		detach_all();
		if (signo == SIGSTOP) {
			await(target_is_stopped);
			kill(target, SIGCONT);
		}
		note_counts();
		await(restore_thread_went_on);
		assert_made_well(0);
		assert_int_equal(shared->trap, signo == SIGTRAP);
		assert_int_equal(fake_log_errors(), 0);
		assert_int_equal(end_target(NULL), 0);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_mapping_yet, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(stopped_at_each_step_it_goes_on_as_without),
		CASE(stopped_while_touching_it_ends_our_threads),
		CASE(run_again_after_each_step_it_is_populated),
		CASE(killed_at_each_step_it_is_seen),
		CASE(killed_at_each_step_it_is_seen_by_the_stop),
		CASE(sigstop_at_each_step_waits_for_the_process),
		CASE(sigcont_at_each_step_changes_nothing),
		CASE(sigtrap_at_each_step_waits_and_arrives_once),
		CASE(signal_at_each_step_and_a_stop_are_not_lost),
	};

	return cmocka_run_group_tests(tests, map_staged, NULL);
}
