/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory is populated as a whole, from any place to any other, or it is told why not.
 * The process is this one.
 */
#include "populate.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <cmocka.h>

#include "clock.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIB	      ((size_t)1 << 20)
#define PAGE	      ((size_t)sysconf(_SC_PAGESIZE))
#define ROOM	      (32 * MIB)

/* --- calls that fail when told to --------------------------------------------------- */

static struct {
	atomic_int writes_left; /* before they fail; negative: none does */
	int threads_left;
	int write_error;
	bool no_pagemap;
} fault;

ssize_t __real_process_vm_writev(pid_t pid, const struct iovec *here,
				 unsigned long here_count, const struct iovec *there,
				 unsigned long there_count, unsigned long flags);
ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *here,
				 unsigned long here_count, const struct iovec *there,
				 unsigned long there_count, unsigned long flags);
ssize_t __wrap_process_vm_writev(pid_t pid, const struct iovec *here,
				 unsigned long here_count, const struct iovec *there,
				 unsigned long there_count, unsigned long flags)
{
	sigset_t mask;

	assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
	assert_true(sigismember(&mask, SIGCHLD) && sigismember(&mask, SIGALRM));
	if (fault.writes_left >= 0 && fault.writes_left-- == 0) {
		fault.writes_left = 0;
		errno = fault.write_error;
		return -1;
	}

	return __real_process_vm_writev(pid, here, here_count, there, there_count, flags);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*main)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*main)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*main)(void *), void *argument)
{
	if (fault.threads_left == 0)
		return EAGAIN;

	fault.threads_left--;
	return __real_pthread_create(thread, attributes, main, argument);
}

int __real_open(const char *path, int flags);
int __wrap_open(const char *path, int flags);
int __wrap_open(const char *path, int flags)
{
	if (fault.no_pagemap) {
		errno = EACCES;
		return -1;
	}

	return __real_open(path, flags);
}

static int set_up(void **state)
{
	(void)state;
	fault.writes_left = fault.threads_left = -1;
	fault.write_error = EFAULT;
	fault.no_pagemap = false;

	return 0;
}

/* --- memory ------------------------------------------------------------------------- */

static char *map(bool with_huge_pages)
{
	char *memory = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	/* A kernel may have none. */
	(void)madvise(memory, ROOM, with_huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return memory;
}

static size_t count_resident(char *memory, size_t bytes)
{
	static unsigned char resident[ROOM / 4096];
	size_t count = 0;

	assert_int_equal(mincore(memory, bytes, resident), 0);
	for (size_t i = 0; i < bytes / PAGE; i++)
		count += resident[i] & 1;

	return count;
}

static struct populate_outcome populate(char *memory, size_t bytes, unsigned int threads)
{
	struct populate_outcome outcome;
	struct populate *populate;

	assert_int_equal(
		populate_start(getpid(), (uintptr_t)memory, bytes, threads, &populate),
		0);
	while (!populate_is_done(populate))
		clock_sleep_ms(1);
	populate_end(populate, &outcome);

	return outcome;
}

/* --- the tests ---------------------------------------------------------------------- */

static void all_of_it_and_nothing_else_is_populated(void **state)
{
	const size_t starts[] = { 0, PAGE, 2 * MIB - PAGE, 2 * MIB, 3 * MIB };
	const size_t sizes[] = { PAGE, 2 * PAGE, 2 * MIB, 2 * MIB + PAGE, 17 * MIB };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts) * ARRAY_SIZE(sizes); i++) {
		const size_t start = starts[i % ARRAY_SIZE(starts)];
		const size_t bytes = sizes[i / ARRAY_SIZE(starts)];
		char *memory = map(false);

		assert_int_equal(populate(memory + start, bytes, 3).ret, 0);

		assert_int_equal(count_resident(memory + start, bytes), bytes / PAGE);
		assert_int_equal(count_resident(memory, ROOM), bytes / PAGE);
		for (size_t at = 0; at < ROOM; at++)
			assert_true(memory[at] == 0);
		assert_int_equal(munmap(memory, ROOM), 0);
	}
}

static void with_huge_pages_all_of_it_is_populated(void **state)
{
	char *memory = map(true);

	(void)state;
	assert_int_equal(populate(memory + PAGE, ROOM - 2 * PAGE, 3).ret, 0);

	assert_int_equal(count_resident(memory + PAGE, ROOM - 2 * PAGE), ROOM / PAGE - 2);
	assert_int_equal(munmap(memory, ROOM), 0);
}

static void pagemap_is_not_needed(void **state)
{
	char *memory = map(true);

	(void)state;
	fault.no_pagemap = true;
	assert_int_equal(populate(memory, ROOM, 3).ret, 0);

	assert_int_equal(count_resident(memory, ROOM), ROOM / PAGE);
	assert_int_equal(munmap(memory, ROOM), 0);
}

static void threads_are_as_many_as_may_be(void **state)
{
	static const unsigned int counts[][2] = {
		{ 0, 1 },
		{ 1, 1 },
		{ 5, 5 },
		{ 1000, POPULATE_THREADS_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		char *memory = map(false);

		assert_int_equal(populate(memory, ROOM, counts[i][0]).threads,
				 counts[i][1]);

		assert_int_equal(count_resident(memory, ROOM), ROOM / PAGE);
		assert_int_equal(munmap(memory, ROOM), 0);
	}
}

static void threads_are_as_many_as_can_be(void **state)
{
	char *memory = map(false);
	struct populate_outcome outcome;

	(void)state;
	fault.threads_left = 2;
	outcome = populate(memory, ROOM, 5);

	assert_int_equal(outcome.threads, 2);
	assert_int_equal(outcome.ret, 0);
	assert_int_equal(count_resident(memory, ROOM), ROOM / PAGE);
	assert_int_equal(munmap(memory, ROOM), 0);
}

static void without_a_thread_nothing_begins(void **state)
{
	char *memory = map(false);
	struct populate *populate = NULL;

	(void)state;
	fault.threads_left = 0;
	assert_int_equal(populate_start(getpid(), (uintptr_t)memory, ROOM, 5, &populate),
			 -EAGAIN);

	assert_null(populate);
	assert_int_equal(count_resident(memory, ROOM), 0);
	assert_int_equal(munmap(memory, ROOM), 0);
}

static void write_that_fails_ends_it(void **state)
{
	static const int errors[] = { EFAULT, ENOMEM, ESRCH, EPERM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		char *memory = map(false);

		fault.writes_left = 5;
		fault.write_error = errors[i];
		assert_int_equal(populate(memory, ROOM, 2).ret, -errors[i]);

		assert_true(count_resident(memory, ROOM) < ROOM / PAGE);
		assert_int_equal(munmap(memory, ROOM), 0);
	}
}

static void memory_that_is_not_there_is_efault(void **state)
{
	char *memory = map(false);

	(void)state;
	assert_int_equal(munmap(memory + 8 * MIB, ROOM - 8 * MIB), 0);

	assert_int_equal(populate(memory, ROOM, 2).ret, -EFAULT);
	assert_int_equal(munmap(memory, 8 * MIB), 0);
}

static void end_is_soon(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		char *memory = map(false);
		struct populate_outcome outcome;
		struct populate *populate;

		assert_int_equal(
			populate_start(getpid(), (uintptr_t)memory, ROOM, 2, &populate),
			0);
		populate_end(populate, &outcome);

		assert_true(outcome.ret == 0 || outcome.ret == -ECANCELED);
		assert_int_equal(outcome.threads, 2);
		assert_int_equal(munmap(memory, ROOM), 0);
	}
}

static void mask_of_the_caller_is_as_before(void **state)
{
	char *memory = map(false);
	sigset_t before, after;

	(void)state;
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &before), 0);
	(void)populate(memory, ROOM, 2);

	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &after), 0);
	for (int signo = 1; signo < 64; signo++)
		assert_int_equal(sigismember(&before, signo), sigismember(&after, signo));
	assert_int_equal(munmap(memory, ROOM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_of_it_and_nothing_else_is_populated, set_up),
		cmocka_unit_test_setup(with_huge_pages_all_of_it_is_populated, set_up),
		cmocka_unit_test_setup(pagemap_is_not_needed, set_up),
		cmocka_unit_test_setup(threads_are_as_many_as_may_be, set_up),
		cmocka_unit_test_setup(threads_are_as_many_as_can_be, set_up),
		cmocka_unit_test_setup(without_a_thread_nothing_begins, set_up),
		cmocka_unit_test_setup(write_that_fails_ends_it, set_up),
		cmocka_unit_test_setup(memory_that_is_not_there_is_efault, set_up),
		cmocka_unit_test_setup(end_is_soon, set_up),
		cmocka_unit_test_setup(mask_of_the_caller_is_as_before, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
