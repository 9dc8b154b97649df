/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each call that staging makes fails once, or for good: the thread finds all as the
 * driver expects, and the buffer is populated or not.
 */
#include "staging.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"
#include "staging_target.h"

/* Of a whole way, at least. */
#define CALLS_MIN 10

/* --- calls that fail when told to --------------------------------------------------- */

static struct {
	long request;	       /* of ptrace(); 0: any */
	unsigned int nth;      /* from 1; 0: none fails */
	unsigned int how_many; /* from then on */
	unsigned int calls;
	bool no_read, no_memory, no_signal;
} fault;

long __real_ptrace(long request, pid_t tid, void *address, void *data);
long __wrap_ptrace(long request, pid_t tid, void *address, void *data);
long __wrap_ptrace(long request, pid_t tid, void *address, void *data)
{
	if ((!fault.request || fault.request == request) && ++fault.calls >= fault.nth &&
	    fault.calls < fault.nth + fault.how_many) {
		errno = EIO;
		return -1;
	}

	return __real_ptrace(request, tid, address, data);
}

ssize_t __real_process_vm_readv(pid_t pid, const struct iovec *here,
				unsigned long here_count, const struct iovec *there,
				unsigned long there_count, unsigned long flags);
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *here,
				unsigned long here_count, const struct iovec *there,
				unsigned long there_count, unsigned long flags);
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *here,
				unsigned long here_count, const struct iovec *there,
				unsigned long there_count, unsigned long flags)
{
	if (fault.no_read) {
		errno = EPERM;
		return -1;
	}

	return __real_process_vm_readv(pid, here, here_count, there, there_count, flags);
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

	if (number == SYS_tgkill && fault.no_signal) {
		errno = EPERM;
		return -1;
	}

	return __real_syscall(number, arguments[0], arguments[1], arguments[2],
			      arguments[3]);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return fault.no_memory ? NULL : __real_calloc(count, size);
}

static int set_up(void **state)
{
	memset(&fault, 0, sizeof(fault));

	return no_mapping_yet(state);
}

/* --- and then ----------------------------------------------------------------------- */

/* A halt that cannot be ended is logged, and tried again. */
static bool is_made_at_last(void)
{
	const int ret = restore_thread_tend(&thread);

	assert_true(ret == 0 || ret == -ESRCH);
	return staged->calls[0].is_done;
}

static void assert_goes_well(void)
{
	await(is_made_at_last);
	assert_made_well(0);
	note_counts();
	await(restore_thread_went_on);
	fault.nth = fault.how_many = 0;
	stop_well();
	go_on_and_end_well(1);
	assert_int_equal(shared->trap, 0);
}

static void each_call_of_ptrace_fails_once_or_twice(void **state)
{
	unsigned int nth = 1;

	(void)state;
	for (unsigned int how_many = 1; how_many <= 2; how_many++) {
		for (nth = 1;; nth++) {
			assert_int_equal(set_up(NULL), 0);
			start_staged(OUR_THREADS);
			fault.calls = 0;
			fault.nth = nth;
			fault.how_many = how_many;

			assert_goes_well();
			assert_int_equal(end_target(NULL), 0);
			if (says_populated() && fault.calls < nth)
				break;
		}
		assert_true(nth > CALLS_MIN);
	}
}

static void kernel_without_the_request_does_without(void **state)
{
	static const long requests[] = { PTRACE_GET_SYSCALL_INFO, PTRACE_GETREGSET };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		assert_int_equal(set_up(NULL), 0);
		start_staged(OUR_THREADS);
		fault.request = requests[i];
		fault.nth = 1;
		fault.how_many = UINT32_MAX / 2;
		fault.calls = 0;

		assert_goes_well();

		assert_false(says_populated());
		assert_populated(0);
		assert_int_equal(fake_log.length, 0);
		assert_int_equal(end_target(NULL), 0);
	}
}

/* The flags are ours, and then nothing can be read or written for a while. */
static void registers_are_put_back_when_they_can_be(void **state)
{
	static const long requests[] = { PTRACE_GETREGSET, PTRACE_SETREGSET,
					 PTRACE_GET_SYSCALL_INFO };

	(void)state;
	for (size_t i = 0; i < 3 * ARRAY_SIZE(requests); i++) {
		assert_int_equal(set_up(NULL), 0);
		start_staged(OUR_THREADS);
		fault.calls = 0;
		fault.request = requests[i % ARRAY_SIZE(requests)];
		fault.nth = 2 + (unsigned int)(i / ARRAY_SIZE(requests));
		fault.how_many = 20;

		assert_goes_well();
		assert_int_equal(end_target(NULL), 0);
	}
}

/* Broken off meanwhile: it is tried as long as it takes. */
static void stop_puts_registers_back_when_it_can(void **state)
{
	(void)state;
	for (unsigned int nth = 2; nth < 5; nth++) {
		assert_int_equal(set_up(NULL), 0);
		start_staged(OUR_THREADS);
		fault.calls = 0;
		fault.request = PTRACE_SETREGSET;
		fault.nth = nth;
		fault.how_many = 100;
		for (int i = 0; i < 20 && !staged->made; i++) {
			assert_int_equal(restore_thread_tend(&thread), 0);
			usleep(1000);
		}

		stop_well();

		go_on_and_end_well(1);
		assert_int_equal(end_target(NULL), 0);
	}
}

static void memory_that_cannot_be_read_is_left_to_the_driver(void **state)
{
	(void)state;
	fault.no_read = true;
	start_staged(OUR_THREADS);

	assert_goes_well();

	assert_false(says_populated());
	assert_populated(0);
}

/* No tripwire can be set. */
static void sigstop_that_cannot_be_sent_leaves_it_to_the_driver(void **state)
{
	(void)state;
	fault.no_signal = true;
	start_staged(OUR_THREADS);

	assert_goes_well();

	assert_false(says_populated());
	assert_populated(0);
	assert_buffer_is_of(0);
}

static void without_memory_it_does_without(void **state)
{
	(void)state;
	fault.no_memory = true;
	start_staged(OUR_THREADS);
	fault.no_memory = false;

	assert_goes_well();

	assert_false(says_populated());
	assert_populated(0);
}

/* It is too late to let the driver populate it by one call. */
static void memory_that_is_short_later_leaves_the_pages_to_the_driver(void **state)
{
	(void)state;
	start_staged(OUR_THREADS);
	fault.no_memory = true;

	assert_goes_well();

	assert_true(fake_log_has("its buffer is populated by the driver, slowly: "));
	assert_int_equal(fake_log.malformed, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_call_of_ptrace_fails_once_or_twice),
		CASE(kernel_without_the_request_does_without),
		CASE(registers_are_put_back_when_they_can_be),
		CASE(stop_puts_registers_back_when_it_can),
		CASE(memory_that_cannot_be_read_is_left_to_the_driver),
		CASE(sigstop_that_cannot_be_sent_leaves_it_to_the_driver),
		CASE(without_memory_it_does_without),
		CASE(memory_that_is_short_later_leaves_the_pages_to_the_driver),
	};

	return cmocka_run_group_tests(tests, map_staged, NULL);
}
