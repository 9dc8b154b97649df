/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The caller's signals, SIGCHLD above all, neither disturb a run nor are lost by it.
 */
#include "spawn.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "spawn_world.h"

static volatile sig_atomic_t handled, stolen, alarms;

static void reap_everything(int signo)
{
	int saved = errno;

	(void)signo;
	handled++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		stolen++;
	errno = saved;
}

static void count_alarm(int signo)
{
	(void)signo;
	alarms++;
}

static void handle_sigchld(void (*handler)(int), int flags)
{
	set_sigchld(handler, flags);
	handled = 0;
	stolen = 0;
}

static void block(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

static const struct {
	void (*handler)(int);
	int flags;
} dispositions[] = {
	{ SIG_DFL, 0 },
	{ SIG_IGN, 0 },
	{ SIG_DFL, SA_NOCLDWAIT },
	{ reap_everything, 0 },
	{ reap_everything, SA_RESTART | SA_NOCLDSTOP },
	{ reap_everything, SA_NOCLDWAIT },
};

static void status_is_right_whatever_the_caller_does_with_sigchld(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dispositions); i++) {
		struct spawn_result result = { .status = -77 };
		struct world with;

		handle_sigchld(dispositions[i].handler, dispositions[i].flags);
		block(SIGUSR2);
		with = look();

		assert_int_equal(run_script("sleep 0.05; echo x; exit 42", 0, &result),
				 0);
		assert_int_equal(result.status, 42);
		assert_string_equal(result.out.text, "x\n");
		assert_int_equal(stolen, 0);
		assert_same_world(&with);

		assert_int_equal(run_script("exec sleep 60", 50, &result), -ETIMEDOUT);
		assert_same_world(&with);
		assert_int_equal(run_script("exit 0", 0, &result), 0);
		assert_same_world(&with);
		assert_no_child();
	}
}

static void sigchld_that_was_blocked_stays_blocked(void **state)
{
	struct spawn_result result;
	struct world with;

	(void)state;
	handle_sigchld(reap_everything, 0);
	block(SIGCHLD);
	with = look();

	assert_int_equal(run_script("exit 42", 0, &result), 0);

	assert_int_equal(result.status, 42);
	assert_int_equal(handled, 0);
	assert_same_world(&with);
}

static pid_t start_other_child(unsigned int lives_ms)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		usleep(lives_ms * 1000);
		_exit(0);
	}

	return pid;
}

static void pending_sigchld_of_another_child_is_not_lost(void **state)
{
	static const int flags[] = { 0, SA_NOCLDWAIT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct spawn_result result;
		sigset_t pending;

		handle_sigchld(reap_everything, flags[i]);
		block(SIGCHLD);
		start_other_child(0);
		do {
			usleep(1000);
			sigpending(&pending);
		} while (!sigismember(&pending, SIGCHLD));

		assert_int_equal(
			spawn_run((const char *[]){ "/nowhere", NULL }, 0, &result),
			-ENOENT);

		sigpending(&pending);
		assert_true(sigismember(&pending, SIGCHLD));
		assert_int_equal(sigprocmask(SIG_SETMASK, &before.mask, NULL), 0);
		assert_int_equal(handled, 1);
		assert_no_child();
	}
}

static void child_that_ends_during_the_run_is_the_callers_to_reap(void **state)
{
	struct spawn_result result;

	(void)state;
	handle_sigchld(reap_everything, 0);
	start_other_child(50);

	assert_int_equal(run_script("sleep 0.3; exit 42", 0, &result), 0);

	assert_int_equal(result.status, 42);
	assert_int_equal(stolen, 1);
	assert_no_child();
}

static void alarms_that_interrupt_do_no_harm(void **state)
{
	const struct itimerval often = { { 0, 5000 }, { 0, 5000 } }, never = { 0 };
	const struct sigaction count = { .sa_handler = count_alarm };
	struct spawn_result result = { 0 };
	struct sigaction old;
	int ran, timed_out;
	int64_t start;

	(void)state;
	sigaction(SIGALRM, &count, &old);
	setitimer(ITIMER_REAL, &often, NULL);

	ran = run_script("echo a; sleep 0.3; echo b; exit 8", 10000, &result);
	start = clock_ms();
	timed_out = run_script("exec sleep 60", 200, &result);

	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &old, NULL);
	assert_int_equal(ran, 0);
	assert_int_equal(result.status, 8);
	assert_string_equal(result.out.text, "a\nb\n");
	assert_int_equal(timed_out, -ETIMEDOUT);
	assert_true(clock_ms() - start >= 200);
	assert_true(clock_ms() - start < 200 + SLACK_MS);
	assert_true(alarms > 10);
	assert_same_world(&before);
	assert_no_child();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, note_world, put_back_signals)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(status_is_right_whatever_the_caller_does_with_sigchld),
		CASE(sigchld_that_was_blocked_stays_blocked),
		CASE(pending_sigchld_of_another_child_is_not_lost),
		CASE(child_that_ends_during_the_run_is_the_callers_to_reap),
		CASE(alarms_that_interrupt_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
