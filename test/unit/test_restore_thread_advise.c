/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The restore thread gives the kernel advice about its memory in place of a system call
 * of its own, which it makes after it, and finds nothing changed but the memory.
 */
#include "restore_thread.h"

#include <errno.h>
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "fake_log.h"
#include "proc.h"
#include "staging_target.h"

#define SLEEP_MS 1000

/* --- calls that fail when told to --------------------------------------------------- */

static struct {
	unsigned int nth; /* of ptrace() and tgkill(), from 1; 0: none fails */
	unsigned int calls;
} fault;

static bool fails(void)
{
	errno = EIO;
	return ++fault.calls == fault.nth;
}

long __real_ptrace(long request, pid_t tid, void *address, void *data);
long __wrap_ptrace(long request, pid_t tid, void *address, void *data);
long __wrap_ptrace(long request, pid_t tid, void *address, void *data)
{
	return fails() ? -1 : __real_ptrace(request, tid, address, data);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long arguments[4];
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		arguments[i] = va_arg(list, long);
	va_end(list);

	if (number == SYS_tgkill && fails())
		return -1;
	return __real_syscall(number, arguments[0], arguments[1], arguments[2],
			      arguments[3]);
}

/* --- the calls of its own ------------------------------------------------------------
 */

static int pipe_ends[2];

static void start_reader(void)
{
	assert_int_equal(pipe(pipe_ends), 0);
	staged->calls[0] = (struct made_call){
		.number = SYS_read,
		.arguments = { (uint64_t)pipe_ends[0], (uint64_t)(uintptr_t)&staged->got,
			       1 },
	};
	start_target(body_map, true);
}

static bool has_made(void)
{
	return staged->calls[0].is_done;
}

/* It reads the one byte that there is, once. */
static void assert_reads_on(void)
{
	note_counts();
	detach_all();
	usleep(A_WHILE_US);
	assert_false(has_made());
	assert_int_equal(write(pipe_ends[1], "!", 1), 1);
	await(has_made);
	assert_made_well(0);
	assert_int_equal(staged->calls[0].result, 1);
	assert_int_equal(staged->got, '!');
	await(restore_thread_went_on);
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static int advise(int advice)
{
	return restore_thread_advise(target, restore_tid(), &staged->tripwire,
				     (uint64_t)(uintptr_t)staged->memory, MEMORY_BYTES,
				     advice);
}

/* As it was before. */
static void assert_stopped_well(void)
{
	for (int i = 0; i < THREADS; i++)
		assert_held(shared->tids[i]);
	assert_int_equal(mask_of(restore_tid()), BIT(SIGHUP) | BIT(SIGRTMAX));
	assert_false(atomic_load(&staged->tripwire.is_set));
}

/* Bytes of its memory that are not zero, of some. */
static int bytes_left(void)
{
	int left = 0;

	for (size_t at = 0; at < MEMORY_BYTES; at += 4096)
		left += ptrace(PTRACE_PEEKDATA, target, staged->memory + at, NULL) != 0;
	return left;
}

/* --- all is well ---------------------------------------------------------------------
 */

static void memory_is_dropped_and_the_call_goes_on(void **state)
{
	(void)state;
	start_reader();
	assert_int_equal(bytes_left(), MEMORY_BYTES / 4096);

	assert_int_equal(advise(MADV_DONTNEED), 0);

	assert_int_equal(bytes_left(), 0);
	assert_stopped_well();
	assert_int_equal(fake_log.length, 0);
	assert_reads_on();
}

static void it_can_be_done_again_and_beside_operations(void **state)
{
	(void)state;
	start_reader();
	for (int i = 0; i < 20; i++) {
		assert_int_equal(advise(MADV_DONTNEED), 0);
		assert_stopped_well();
		assert_int_equal(
			restore_thread_run(target, restore_tid(), &ours, &thread), 0);
		usleep(1000);
		assert_int_equal(restore_thread_stop(&thread), 0);
		assert_stopped_well();
	}

	assert_reads_on();
}

/* The kernel goes on with restart_syscall(), which remembers when it is to end. */
static void sleep_takes_as_long_as_it_would(void **state)
{
	int64_t took_ms;

	(void)state;
	staged->time = (struct timespec){ .tv_sec = SLEEP_MS / 1000 };
	staged->calls[0] = (struct made_call){
		.number = SYS_nanosleep,
		.arguments = { (uint64_t)(uintptr_t)&staged->time },
	};
	start_target(body_map, true);
	took_ms = clock_ms();

	for (int i = 0; i < 10; i++) {
		assert_int_equal(advise(MADV_DONTNEED), 0);
		assert_stopped_well();
	}
	assert_false(has_made());
	detach_all();
	await(has_made);
	took_ms = clock_ms() - took_ms;

	assert_made_well(0);
	assert_int_equal(staged->calls[0].result, 0);
	assert_in_range(took_ms, SLEEP_MS / 2, 5 * SLEEP_MS);
}

static void thread_that_is_in_no_call_is_met_at_its_next(void **state)
{
	(void)state;
	staged->go = 0;
	start_target(body_map, true);
	for (int i = 0; i < ROUNDS; i++) {
		memset(&fault, 0, sizeof(fault));
		assert_int_equal(advise(MADV_NORMAL), 0);
		assert_stopped_well();
	}

	note_counts();
	detach_all();
	await(restore_thread_went_on);
}

/* --- what cannot be done --------------------------------------------------------------
 */

static void madvise_that_fails_says_why(void **state)
{
	(void)state;
	start_reader();

	assert_int_equal(advise(12345), -EINVAL);

	assert_stopped_well();
	assert_int_equal(fake_log_errors(), 1);
	assert_int_equal(fake_log.malformed, 0);
	assert_reads_on();
}

static void without_a_tripwire_nothing_is_done(void **state)
{
	(void)state;
	start_reader();

	assert_int_equal(restore_thread_advise(target, restore_tid(), NULL,
					       (uint64_t)(uintptr_t)staged->memory,
					       MEMORY_BYTES, MADV_DONTNEED),
			 -EBUSY);

	assert_int_equal(bytes_left(), MEMORY_BYTES / 4096);
	assert_stopped_well();
	assert_reads_on();
}

/* A tracer has given up in the middle of one: nobody may forget what is to be mended. */
static void tripwire_that_is_set_stays_so(void **state)
{
	(void)state;
	start_reader();
	atomic_store(&staged->tripwire.is_set, true);

	assert_int_equal(advise(MADV_DONTNEED), -EBUSY);

	assert_true(atomic_load(&staged->tripwire.is_set));
	assert_int_equal(bytes_left(), MEMORY_BYTES / 4096);
	assert_reads_on();
}

static void body_compute(void)
{
	for (;;)
		shared->count[RESTORE]++;
}

static void thread_that_makes_no_call_is_etime(void **state)
{
	(void)state;
	start_target(body_compute, true);
	staged->memory = NULL;

	assert_int_equal(advise(MADV_DONTNEED), -ETIME);

	assert_stopped_well();
	assert_int_equal(fake_log_errors(), 1);
	note_counts();
	detach_all();
	await(restore_thread_went_on);
}

static void thread_that_is_gone_is_esrch(void **state)
{
	(void)state;
	start_reader();
	kill(target, SIGKILL);

	assert_int_equal(advise(MADV_DONTNEED), -ESRCH);
}

/* --- signals ---------------------------------------------------------------------------
 */

static bool target_is_stopped(void)
{
	return state_of(target) == 'T' && state_of(restore_tid()) == 'T';
}

static void sigstop_of_somebody_else_waits_for_the_process(void **state)
{
	(void)state;
	start_reader();
	kill(target, SIGSTOP);

	assert_int_equal(advise(MADV_DONTNEED), 0);

	assert_stopped_well();
	assert_int_equal(bytes_left(), 0);
	detach_all();
	await(target_is_stopped);
	kill(target, SIGCONT);
	assert_int_equal(write(pipe_ends[1], "!", 1), 1);
	await(has_made);
	assert_int_equal(staged->calls[0].result, 1);
}

/* Ours would take it away. */
static void sigcont_that_waits_is_not_lost(void **state)
{
	uint64_t waits;

	(void)state;
	start_reader();
	kill(target, SIGCONT);

	assert_int_equal(advise(MADV_DONTNEED), -EBUSY);

	assert_int_equal(proc_signals(restore_tid(), PROC_WAIT_FOR_PROCESS, &waits), 0);
	assert_true(waits & BIT(SIGCONT));
	assert_stopped_well();
	assert_reads_on();
}

/* --- each call fails -------------------------------------------------------------------
 */

static void each_call_fails_once_and_the_thread_reads_on(void **state)
{
	bool struck = true;

	for (unsigned int nth = 1; struck; nth++) {
		int ret;

		assert_int_equal(no_mapping_yet(state), 0);
		start_reader();
		fault.calls = 0;
		fault.nth = nth;

		ret = advise(MADV_DONTNEED);

		struck = fault.calls >= nth;
		fault.nth = 0;
		assert_true(ret == 0 || fake_log_errors() > 0);
		assert_true(struck || ret == 0);
		assert_reads_on();
		assert_int_equal(end_target(NULL), 0);
	}
}

static int set_up(void **state)
{
	memset(&fault, 0, sizeof(fault));
	return no_mapping_yet(state);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(memory_is_dropped_and_the_call_goes_on),
		CASE(it_can_be_done_again_and_beside_operations),
		CASE(sleep_takes_as_long_as_it_would),
		CASE(thread_that_is_in_no_call_is_met_at_its_next),
		CASE(madvise_that_fails_says_why),
		CASE(without_a_tripwire_nothing_is_done),
		CASE(tripwire_that_is_set_stays_so),
		CASE(thread_that_makes_no_call_is_etime),
		CASE(thread_that_is_gone_is_esrch),
		CASE(sigstop_of_somebody_else_waits_for_the_process),
		CASE(sigcont_that_waits_is_not_lost),
		CASE(each_call_fails_once_and_the_thread_reads_on),
	};

	return cmocka_run_group_tests(tests, map_staged, NULL);
}
