/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A system call that the restore thread is in goes on after any number of runs.
 */
#include "restore_thread.h"

#include <errno.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "restore_target.h"

static int pipe_ends[2];

/* --- the calls ----------------------------------------------------------------- */

static void body_read(void)
{
	char byte;

	shared->result = read(pipe_ends[0], &byte, 1);
}

static void body_sleep(void)
{
	const struct timespec while_ = { .tv_sec = 1 };
	int64_t start = clock_ms();

	shared->result = nanosleep(&while_, NULL);
	if (clock_ms() - start < 1000)
		shared->result = -77;
}

static void body_futex(void)
{
	const struct timespec limit = { .tv_sec = 60 };

	shared->result =
		syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, &limit, NULL, 0);
}

/* Blocked all the time, SIGUSR1 gets in while sigsuspend() waits. */
static void body_sigsuspend(void)
{
	sigset_t usr1, none;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	sigemptyset(&none);
	shared->result = sigsuspend(&none);
	shared->error = errno;
	note_mask();
}

/* --- the runs ------------------------------------------------------------------ */

static bool call_ended(void)
{
	return shared->result != 77;
}

static void run_and_stop_in_call(void (*body)(void))
{
	struct restore_thread thread;

	start_target(body, false);
	shared->result = 77;
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
				 0);
		if (i % 2)
			usleep(500);
		assert_int_equal(restore_thread_stop(&thread), 0);
	}
	assert_int_equal(shared->result, 77);
	detach_all();
}

static void read_goes_on_after_runs(void **state)
{
	(void)state;
	run_and_stop_in_call(body_read);

	assert_int_equal(write(pipe_ends[1], "x", 1), 1);

	await(call_ended);
	assert_int_equal(shared->result, 1);
}

static void sleep_goes_on_for_its_time_after_runs(void **state)
{
	(void)state;
	run_and_stop_in_call(body_sleep);

	await(call_ended);
	assert_int_equal(shared->result, 0);
}

static void futex_wait_goes_on_after_runs(void **state)
{
	(void)state;
	run_and_stop_in_call(body_futex);

	usleep(A_WHILE_US);
	assert_int_equal(shared->result, 77);
	assert_int_equal(syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1, NULL, NULL, 0),
			 1);

	await(call_ended);
	assert_int_equal(shared->result, 0);
}

static void sigsuspend_goes_on_and_gives_its_mask_back_after_runs(void **state)
{
	(void)state;
	run_and_stop_in_call(body_sigsuspend);

	usleep(A_WHILE_US);
	assert_int_equal(shared->result, 77);
	syscall(SYS_tgkill, target, restore_tid(), SIGUSR1);

	await(call_ended);
	usleep(A_WHILE_US);
	assert_int_equal(shared->error, EINTR);
	assert_int_equal(shared->usr1, 1);
	assert_int_equal(shared->blocked, BIT(SIGHUP) | BIT(SIGRTMAX) | BIT(SIGUSR1));
}

static int map_shared_and_open_pipe(void **state)
{
	return map_shared(state) < 0 || pipe(pipe_ends) < 0 ? -1 : 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_target_yet, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(read_goes_on_after_runs),
		CASE(sleep_goes_on_for_its_time_after_runs),
		CASE(futex_wait_goes_on_after_runs),
		CASE(sigsuspend_goes_on_and_gives_its_mask_back_after_runs),
	};

	return cmocka_run_group_tests(tests, map_shared_and_open_pipe, NULL);
}
