/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One thread runs, no other does, and then all is as before.
 */
#include "restore_thread.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"
#include "restore_target.h"

static void only_that_thread_runs_until_it_is_stopped(void **state)
{
	struct restore_thread thread;

	(void)state;
	start_target(body_count, false);
	note_counts();

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	await(restore_thread_went_on);
	assert_int_equal(shared->count[0], count_before[0]);
	assert_int_equal(shared->count[2], count_before[2]);

	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_held(restore_tid());
	note_counts();
	usleep(A_WHILE_US);
	assert_int_equal(shared->count[RESTORE], count_before[RESTORE]);
	assert_int_equal(fake_log.length, 0);
}

static void mask_is_all_but_sigtrap_and_then_as_before(void **state)
{
	struct restore_thread thread;
	uint64_t before, during;
	char value[64];

	(void)state;
	start_target(body_count, false);
	before = mask_of(restore_tid());
	assert_int_equal(before & (BIT(SIGHUP) | BIT(SIGUSR1)), BIT(SIGHUP));

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	read_status(restore_tid(), "SigBlk:", value, sizeof(value));
	during = strtoull(value, NULL, 16);
	assert_int_equal(restore_thread_stop(&thread), 0);

	assert_int_equal(~during, BIT(SIGTRAP) | BIT(SIGKILL) | BIT(SIGSTOP));
	assert_int_equal(mask_of(restore_tid()), before);
}

static bool signals_handled(void)
{
	return shared->usr1 && shared->usr2 && shared->realtime == 3;
}

static void signals_wait_and_then_arrive_once(void **state)
{
	const union sigval none = { 0 };
	struct restore_thread thread;

	(void)state;
	start_target(body_count, false);
	note_counts();

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	kill(target, SIGUSR1);
	syscall(SYS_tgkill, target, restore_tid(), SIGUSR2);
	for (int i = 0; i < 3; i++)
		sigqueue(target, SIGRTMIN, none);
	await(restore_thread_went_on);
	assert_int_equal(restore_thread_stop(&thread), 0);
	usleep(A_WHILE_US);
	assert_int_equal(shared->usr1 + shared->usr2 + shared->realtime, 0);

	detach_all();
	await(signals_handled);
	usleep(A_WHILE_US);
	assert_int_equal(shared->usr1, 1);
	assert_int_equal(shared->usr2, 1);
	assert_int_equal(shared->realtime, 3);
}

/* They are not touched: this is why that is enough. */
static void ptrace_options_hold_through_a_run(void **state)
{
	struct restore_thread thread;

	(void)state;
	start_target(body_count, false);
	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	assert_int_equal(restore_thread_stop(&thread), 0);

	assert_next_stop_is_a_system_call(restore_tid());
}

/* What is forbidden by the filter is done once "leave" says so. */
static void body_seccomp(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EDOM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		_exit(1);

	for (;;) {
		shared->result = syscall(SYS_getppid);
		shared->count[RESTORE]++;
		usleep(500);
	}
}

static void suspended_seccomp_stays_so_through_a_run(void **state)
{
	struct restore_thread thread;

	(void)state;
	start_target(body_seccomp, false);
	if (ptrace(PTRACE_SETOPTIONS, restore_tid(), NULL,
		   (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_SUSPEND_SECCOMP)) < 0)
		skip();
	assert_int_equal(shared->result, -1);

	for (int i = 0; i < 3; i++) {
		shared->result = -77;
		note_counts();
		assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
				 0);
		await(restore_thread_went_on);
		assert_int_equal(restore_thread_stop(&thread), 0);
		assert_int_equal(shared->result, getpid());
	}

	note_counts();
	detach_all();
	await(restore_thread_went_on);
	assert_int_equal(shared->result, -1);
}

static void many_runs_leave_the_thread_as_it_was(void **state)
{
	struct restore_thread thread;
	uint64_t before;

	(void)state;
	start_target(body_count, false);
	before = mask_of(restore_tid());

	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
				 0);
		assert_int_equal(restore_thread_stop(&thread), 0);
		assert_held(restore_tid());
	}

	assert_int_equal(mask_of(restore_tid()), before);
	assert_next_stop_is_a_system_call(restore_tid());
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_target_yet, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_that_thread_runs_until_it_is_stopped),
		CASE(mask_is_all_but_sigtrap_and_then_as_before),
		CASE(signals_wait_and_then_arrive_once),
		CASE(ptrace_options_hold_through_a_run),
		CASE(suspended_seccomp_stays_so_through_a_run),
		CASE(many_runs_leave_the_thread_as_it_was),
	};

	return cmocka_run_group_tests(tests, map_shared, NULL);
}
