/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals and deaths while the thread works: what halts it does not hold it up, what
 * ends it is seen, and nothing is lost or done twice when the process goes on.
 */
#include "restore_thread.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"
#include "restore_target.h"

static struct restore_thread thread;

/* --- what is done with it --------------------------------------------------------- */

static void start_and_run(void (*body)(void), bool handles_trap)
{
	start_target(body, handles_trap);
	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
}

static bool went_on_tended(void)
{
	assert_int_equal(restore_thread_tend(&thread), 0);
	return restore_thread_went_on();
}

static void assert_goes_on_tended(void)
{
	usleep(A_WHILE_US);
	note_counts();
	await(went_on_tended);
}

static bool tend_sees_the_end(void)
{
	const int ret = restore_thread_tend(&thread);

	assert_true(ret == 0 || ret == -ESRCH);
	return ret == -ESRCH;
}

static void stop_and_detach(void)
{
	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_held(restore_tid());
	detach_all();
}

static bool target_is_stopped(void)
{
	return state_of(target) == 'T' && state_of(restore_tid()) == 'T';
}

static bool all_threads_went_on(void)
{
	for (int i = 0; i < THREADS; i++)
		if (shared->count[i] <= count_before[i] + 10)
			return false;

	return true;
}

static void assert_all_go_on(void)
{
	note_counts();
	await(all_threads_went_on);
}

static void assert_stopped_until_sigcont(void)
{
	await(target_is_stopped);
	note_counts();
	usleep(A_WHILE_US);
	assert_int_equal(shared->count[RESTORE], count_before[RESTORE]);

	kill(target, SIGCONT);
	assert_all_go_on();
}

/* --- what halts it ------------------------------------------------------------------ */

static void tending_a_thread_that_runs_changes_nothing(void **state)
{
	(void)state;
	start_and_run(body_count, false);

	for (int i = 0; i < ROUNDS; i++)
		assert_int_equal(restore_thread_tend(&thread), 0);
	assert_goes_on_tended();

	stop_and_detach();
	assert_all_go_on();
	assert_int_equal(fake_log.length, 0);
}

/* This is what it is for. */
static void thread_that_is_not_tended_stays_halted(void **state)
{
	(void)state;
	start_and_run(body_count, false);

	kill(target, SIGSTOP);
	usleep(A_WHILE_US);
	note_counts();
	usleep(A_WHILE_US);

	assert_int_equal(shared->count[RESTORE], count_before[RESTORE]);
	assert_int_equal(restore_thread_stop(&thread), 0);
}

static void sigstop_waits_for_the_process_and_not_for_the_thread(void **state)
{
	(void)state;
	start_and_run(body_count, false);
	note_counts();

	kill(target, SIGSTOP);
	assert_goes_on_tended();
	assert_int_equal(shared->count[0], count_before[0]);
	assert_int_equal(shared->count[2], count_before[2]);

	stop_and_detach();
	assert_stopped_until_sigcont();
	assert_int_equal(fake_log.length, 0);
}

static void sigcont_leaves_no_halt_behind(void **state)
{
	(void)state;
	start_and_run(body_count, false);

	kill(target, SIGCONT);
	assert_goes_on_tended();

	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_held(restore_tid());
	assert_next_stop_is_a_system_call(restore_tid());
}

static void last_of_many_stops_and_continues_counts(void **state)
{
	static const int last[] = { SIGCONT, SIGSTOP };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(last); i++) {
		start_and_run(body_count, false);
		for (int round = 0; round < ROUNDS; round++) {
			kill(target, last[(i + 1) % 2]);
			if (round % 3)
				usleep(300);
			assert_int_equal(restore_thread_tend(&thread), 0);
			kill(target, last[i]);
			assert_int_equal(restore_thread_tend(&thread), 0);
		}
		assert_goes_on_tended();

		stop_and_detach();
		if (last[i] == SIGSTOP)
			assert_stopped_until_sigcont();
		else
			assert_all_go_on();
		assert_int_equal(end_target(NULL), 0);
	}
}

static void stop_that_is_not_tended_is_not_lost(void **state)
{
	(void)state;
	start_and_run(body_count, false);

	kill(target, SIGSTOP);
	assert_goes_on_tended();
	kill(target, SIGCONT);
	kill(target, SIGSTOP);
	usleep(A_WHILE_US);

	stop_and_detach();
	assert_stopped_until_sigcont();
}

/* --- what waits ----------------------------------------------------------------------
 */

static bool trap_handled(void)
{
	return shared->trap != 0;
}

static void sigtrap_waits_and_then_arrives_once(void **state)
{
	uint64_t before;

	(void)state;
	start_target(body_count, true);
	before = mask_of(restore_tid());
	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);

	kill(target, SIGTRAP);
	assert_goes_on_tended();
	assert_int_equal(shared->trap, 0);

	stop_and_detach();
	await(trap_handled);
	assert_all_go_on();
	assert_int_equal(shared->trap, 1);
	assert_int_equal(shared->blocked, before);
}

static void sigtrap_that_kills_waits_too(void **state)
{
	const struct rlimit no_core = { 0 };
	int status;

	(void)state;
	setrlimit(RLIMIT_CORE, &no_core);
	start_and_run(body_count, false);

	kill(target, SIGTRAP);
	assert_goes_on_tended();

	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_held(restore_tid());
	/* It may strike as soon as the first of them is let go. */
	for (int i = 0; i < THREADS; i++)
		(void)ptrace(PTRACE_DETACH, shared->tids[i], NULL, NULL);
	while (waitpid(-1, &status, __WALL) != target)
		;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP);
}

static void sigtstp_waits_and_then_stops_the_process(void **state)
{
	(void)state;
	start_and_run(body_count, false);

	kill(target, SIGTSTP);
	assert_goes_on_tended();

	stop_and_detach();
	assert_stopped_until_sigcont();
}

/* --- what ends it ----------------------------------------------------------------------
 */

static void assert_end_is_seen_and_logged_once(void)
{
	await(tend_sees_the_end);
	assert_int_equal(restore_thread_tend(&thread), -ESRCH);
	assert_int_equal(restore_thread_stop(&thread), -ESRCH);

	assert_int_equal(fake_log_errors(), 1);
	assert_int_equal(fake_log.malformed, 0);
	assert_true(fake_log_has("it ended while the driver was at work\n"));
}

static void process_that_is_killed_is_seen(void **state)
{
	(void)state;
	start_and_run(body_count, false);
	kill(target, SIGKILL);

	assert_end_is_seen_and_logged_once();
}

static void process_that_is_killed_while_halted_is_seen(void **state)
{
	(void)state;
	start_and_run(body_count, false);
	kill(target, SIGSTOP);
	usleep(A_WHILE_US);
	kill(target, SIGKILL);

	assert_end_is_seen_and_logged_once();
}

static void thread_that_exits_is_seen(void **state)
{
	(void)state;
	start_and_run(body_count, false);
	shared->leave = 1;

	assert_end_is_seen_and_logged_once();
	assert_int_equal(state_of(target), 't');
}

/* Not what a sanitizer catches: the handler is the default. */
static void body_crash(void)
{
	volatile char *forbidden =
		mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	signal(SIGSEGV, SIG_DFL);
	body_count();
	*forbidden = 0;
}

static void crash_is_seen(void **state)
{
	(void)state;
	start_and_run(body_crash, false);
	shared->leave = 1;

	assert_end_is_seen_and_logged_once();
}

static void thread_that_somebody_else_reaped_is_seen(void **state)
{
	(void)state;
	start_and_run(body_count, false);
	shared->leave = 1;
	assert_int_equal(waitpid(restore_tid(), NULL, __WALL), restore_tid());

	assert_end_is_seen_and_logged_once();
}

/* --- the caller's SIGCHLD
 * --------------------------------------------------------------- */

static void reap_whatever(int signo)
{
	(void)signo;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void handler_of_the_caller_takes_no_halt_away(void **state)
{
	const struct sigaction reap = { .sa_handler = reap_whatever };
	struct sigaction was, is;
	sigset_t mask;

	(void)state;
	start_target(body_count, false);
	assert_int_equal(sigaction(SIGCHLD, &reap, &was), 0);
	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);

	kill(target, SIGSTOP);
	assert_goes_on_tended();
	kill(target, SIGCONT);
	usleep(A_WHILE_US);
	assert_int_equal(restore_thread_stop(&thread), 0);

	assert_int_equal(sigaction(SIGCHLD, &was, &is), 0);
	assert_ptr_equal(is.sa_handler, reap_whatever);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	assert_false(sigismember(&mask, SIGCHLD));
	detach_all();
	assert_all_go_on();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_target_yet, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tending_a_thread_that_runs_changes_nothing),
		CASE(thread_that_is_not_tended_stays_halted),
		CASE(sigstop_waits_for_the_process_and_not_for_the_thread),
		CASE(sigcont_leaves_no_halt_behind),
		CASE(last_of_many_stops_and_continues_counts),
		CASE(stop_that_is_not_tended_is_not_lost),
		CASE(sigtrap_waits_and_then_arrives_once),
		CASE(sigtrap_that_kills_waits_too),
		CASE(sigtstp_waits_and_then_stops_the_process),
		CASE(process_that_is_killed_is_seen),
		CASE(process_that_is_killed_while_halted_is_seen),
		CASE(thread_that_exits_is_seen),
		CASE(crash_is_seen),
		CASE(thread_that_somebody_else_reaped_is_seen),
		CASE(handler_of_the_caller_takes_no_halt_away),
	};

	return cmocka_run_group_tests(tests, map_shared, NULL);
}
