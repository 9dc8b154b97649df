/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that are stopped, traced, or gone.
 */
#include "proc.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "proc_child.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PATIENCE_MS   10000

/* --- stopped, and by whom ------------------------------------------------------ */

static void await_stopped(pid_t pid, bool expected)
{
	int64_t end = clock_ms() + PATIENCE_MS;
	bool stopped;

	do {
		stopped = !expected;
		assert_int_equal(proc_is_stopped(pid, &stopped), 0);
	} while (stopped != expected && clock_ms() < end);
	assert_int_equal(stopped, expected);
}

static void process_stopped_by_a_signal_is_stopped(void **state)
{
	(void)state;
	start_child(NULL);
	await_stopped(child, false);

	kill(child, SIGSTOP);
	await_stopped(child, true);

	kill(child, SIGCONT);
	await_stopped(child, false);
}

static void process_held_by_a_tracer_is_stopped_and_names_it(void **state)
{
	pid_t tracer = UNTOUCHED;

	(void)state;
	start_child(NULL);
	assert_int_equal(proc_tracer(child, &tracer), 0);
	assert_int_equal(tracer, 0);

	assert_int_equal(ptrace(PTRACE_SEIZE, child, NULL, NULL), 0);
	assert_int_equal(proc_tracer(child, &tracer), 0);
	assert_int_equal(tracer, getpid());
	await_stopped(child, false);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, child, NULL, NULL), 0);
	assert_int_equal(waitpid(child, NULL, __WALL), child);

	await_stopped(child, true);
	assert_int_equal(ptrace(PTRACE_DETACH, child, NULL, NULL), 0);
	assert_int_equal(proc_tracer(child, &tracer), 0);
	assert_int_equal(tracer, 0);
}

/* --- its pid, as it sees it ---------------------------------------------------- */

static void without_a_namespace_of_its_own_the_inner_pid_is_the_pid(void **state)
{
	pid_t inner = UNTOUCHED;

	(void)state;
	start_child(NULL);
	assert_int_equal(proc_inner_pid(child, &inner), 0);
	assert_int_equal(inner, child);
}

static void in_a_namespace_of_its_own_the_inner_pid_is_that_of_the_namespace(void **state)
{
	pid_t inner = UNTOUCHED, pid;

	(void)state;
	pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		for (;;)
			pause();
	if (pid < 0)
		skip(); /* not permitted here */

	assert_int_equal(proc_inner_pid(pid, &inner), 0);
	assert_int_equal(inner, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(proc_inner_pid(pid, &inner), -ESRCH);
	assert_int_equal(inner, 1);
}

static pid_t *thread_tid;

static void *waiting_thread(void *unused)
{
	*thread_tid = (pid_t)syscall(SYS_gettid);
	for (;;)
		pause();

	return unused;
}

static void start_waiting_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, waiting_thread, NULL))
		_exit(1);
	while (!*(volatile pid_t *)thread_tid)
		usleep(1000);
}

static void tracer_of_one_thread_is_that_threads_alone(void **state)
{
	pid_t tracer = UNTOUCHED;

	(void)state;
	thread_tid = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	assert_ptr_not_equal(thread_tid, MAP_FAILED);
	start_child(start_waiting_thread);
	assert_int_equal(ptrace(PTRACE_SEIZE, *thread_tid, NULL, NULL), 0);

	assert_int_equal(proc_tracer(*thread_tid, &tracer), 0);
	assert_int_equal(tracer, getpid());
	assert_int_equal(proc_tracer(child, &tracer), 0);
	assert_int_equal(tracer, 0);

	munmap(thread_tid, PAGE);
}

/* --- those that are gone --------------------------------------------------------- */

static pid_t pid_of_nobody(void)
{
	pid_t pid = start_zombie();

	assert_int_equal(waitpid(pid, NULL, 0), pid);
	child = -1;

	return pid;
}

static void process_that_is_gone_is_esrch(void **state)
{
	const pid_t pids[] = { pid_of_nobody(), 0, -1, INT32_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		bool maps = true, has = true, stopped = true;
		pid_t tracer = UNTOUCHED;

		assert_int_equal(proc_maps_libcuda(pids[i], &maps), -ESRCH);
		assert_int_equal(proc_has_restore_thread(pids[i], &has), -ESRCH);
		assert_int_equal(proc_tracer(pids[i], &tracer), -ESRCH);
		assert_int_equal(proc_is_stopped(pids[i], &stopped), -ESRCH);
		assert_true(proc_is_gone(pids[i]));
		assert_true(maps && has && stopped);
		assert_int_equal(tracer, UNTOUCHED);
	}
}

static void zombie_is_gone_and_has_nothing(void **state)
{
	bool maps = false, has = true, stopped = true;
	int ret;

	(void)state;
	start_zombie();

	assert_true(proc_is_gone(child));
	assert_int_equal(proc_has_restore_thread(child, &has), 0);
	assert_false(has);
	assert_int_equal(proc_is_stopped(child, &stopped), 0);
	assert_false(stopped);
	/* Kernels differ: no mappings, or no such process. */
	ret = proc_maps_libcuda(child, &maps);
	assert_true(ret == 0 || ret == -ESRCH);
	assert_false(maps);
}

static void living_process_is_not_gone(void **state)
{
	(void)state;
	start_child(NULL);

	assert_false(proc_is_gone(child));
	assert_false(proc_is_gone(getpid()));
	kill(child, SIGSTOP);
	await_stopped(child, true);
	assert_false(proc_is_gone(child));
}

static void block_two_signals(void)
{
	sigset_t two;

	sigemptyset(&two);
	sigaddset(&two, SIGHUP);
	sigaddset(&two, SIGRTMAX);
	sigprocmask(SIG_SETMASK, &two, NULL);
}

static void blocked_signals_are_those_of_the_thread(void **state)
{
	uint64_t mask = 1;

	(void)state;
	start_child(NULL);
	assert_int_equal(proc_signals(child, PROC_BLOCKED, &mask), 0);
	assert_int_equal(mask, 0);
	end_child(NULL);

	start_child(block_two_signals);
	assert_int_equal(proc_signals(child, PROC_BLOCKED, &mask), 0);
	assert_true(mask == (UINT64_C(1) << (SIGHUP - 1) | UINT64_C(1) << 63));
}

static bool waits(pid_t tid, const char *which, int signo)
{
	uint64_t mask = 0;

	assert_int_equal(proc_signals(tid, which, &mask), 0);
	return mask >> (signo - 1) & 1;
}

static void signals_wait_for_the_thread_or_the_process(void **state)
{
	(void)state;
	start_child(block_two_signals);

	kill(child, SIGHUP);
	assert_false(waits(child, PROC_WAIT_FOR_THREAD, SIGHUP));
	assert_true(waits(child, PROC_WAIT_FOR_PROCESS, SIGHUP));

	syscall(SYS_tgkill, child, child, SIGRTMAX);
	assert_true(waits(child, PROC_WAIT_FOR_THREAD, SIGRTMAX));
	assert_false(waits(child, PROC_WAIT_FOR_PROCESS, SIGRTMAX));
}

static void write_to_memory(void)
{
	const size_t size = (size_t)64 << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	memset(memory, 1, size);
}

static void resident_memory_is_what_was_written_to(void **state)
{
	const uint64_t least = UINT64_C(64) << 20;
	uint64_t bytes = 0;

	(void)state;
	start_child(write_to_memory);

	assert_int_equal(proc_resident(child, &bytes), 0);
	assert_true(bytes >= least && bytes < 2 * least);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_child_yet, end_child)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(without_a_namespace_of_its_own_the_inner_pid_is_the_pid),
		CASE(in_a_namespace_of_its_own_the_inner_pid_is_that_of_the_namespace),
		CASE(process_stopped_by_a_signal_is_stopped),
		CASE(process_held_by_a_tracer_is_stopped_and_names_it),
		CASE(tracer_of_one_thread_is_that_threads_alone),
		CASE(process_that_is_gone_is_esrch),
		CASE(zombie_is_gone_and_has_nothing),
		CASE(living_process_is_not_gone),
		CASE(blocked_signals_are_those_of_the_thread),
		CASE(signals_wait_for_the_thread_or_the_process),
		CASE(resident_memory_is_what_was_written_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
