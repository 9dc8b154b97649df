/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages of the test's own memory, in both ways to see them.
 */
#include "pagemap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define MIB  ((uint64_t)1 << 20)
#define STEP (2 * MIB)
#define ROOM (64 * MIB)

static struct pagemap pagemap;
static uint64_t room; /* begins at a step */

/* --- calls that are not there, or fail ---------------------------------------------- */

static int scan_error, entry_error; /* 0: none */
static unsigned int scans, entries; /* calls */
static bool has_no_end;		    /* the file has nothing */

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	scans++;
	if (!scan_error)
		return __real_ioctl(fd, request, argument);

	errno = scan_error;
	return -1;
}

ssize_t __real_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
	entries++;
	if (has_no_end)
		return 0;
	if (!entry_error)
		return __real_pread(fd, buffer, size, offset);

	errno = entry_error;
	return -1;
}

/* ------------------------------------------------------------------------------------ */

static int open_map(void **state)
{
	void *memory = mmap(NULL, ROOM + STEP, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(memory != MAP_FAILED);
	(void)madvise(memory, ROOM + STEP, MADV_NOHUGEPAGE);
	room = ((uintptr_t)memory + STEP - 1) / STEP * STEP;
	scan_error = entry_error = 0;
	has_no_end = false;
	scans = entries = 0;
	return pagemap_open(getpid(), &pagemap);
}

static int open_map_of_an_older_kernel(void **state)
{
	int ret = open_map(state);

	scan_error = ENOTTY;
	return ret;
}

static int close_map(void **state)
{
	(void)state;
	pagemap_close(&pagemap);
	assert_int_equal(pagemap.fd, -1);
	return munmap((void *)(uintptr_t)room, ROOM);
}

static void touch(uint64_t offset)
{
	*(volatile char *)(uintptr_t)(room + offset) = 1;
}

static void check_next(uint64_t from, uint64_t end, uint64_t offset)
{
	uint64_t found = 0;

	assert_int_equal(pagemap_next(&pagemap, room + from, room + end, STEP, &found),
			 0);
	assert_int_equal(found, room + offset);
}

static void check_none(uint64_t from, uint64_t end)
{
	uint64_t found = 77;

	assert_int_equal(pagemap_next(&pagemap, room + from, room + end, STEP, &found),
			 -ENOENT);
	assert_int_equal(found, 77);
}

static void page_that_is_there_is_found(void **state)
{
	(void)state;
	check_none(0, ROOM);
	touch(10 * MIB);
	check_next(0, ROOM, 10 * MIB);
	check_next(10 * MIB, ROOM, 10 * MIB);
	check_none(12 * MIB, ROOM);
	check_none(0, 10 * MIB);
	check_none(10 * MIB, 10 * MIB);
	touch(0);
	touch(62 * MIB);
	check_next(0, ROOM, 0);
	check_next(12 * MIB, ROOM, 62 * MIB);
}

static void pages_between_the_steps_are_none(void **state)
{
	(void)state;
	touch(10 * MIB - 4096);
	touch(10 * MIB + 4096);
	touch(11 * MIB);
	check_none(0, ROOM);

	/* Nor do they hide one. */
	touch(12 * MIB - 4096);
	touch(12 * MIB);
	touch(12 * MIB + 4096);
	check_next(0, ROOM, 12 * MIB);
}

static void page_that_was_dropped_is_none(void **state)
{
	(void)state;
	touch(4 * MIB);
	assert_int_equal(
		madvise((void *)(uintptr_t)(room + 4 * MIB), 4096, MADV_DONTNEED), 0);
	check_none(0, ROOM);
}

static void older_kernel_is_asked_only_once(void **state)
{
	(void)state;
	touch(62 * MIB);
	check_next(0, ROOM, 62 * MIB);
	check_next(0, ROOM, 62 * MIB);
	assert_int_equal(scans, 1);
	assert_int_equal(entries, 64);
}

/* Its words are not quite those that are known here. */
static void kernel_with_other_words_is_an_older_one(void **state)
{
	(void)state;
	scan_error = EINVAL;
	touch(62 * MIB);
	check_next(0, ROOM, 62 * MIB);
	assert_int_equal(entries, 32);
}

static void error_is_no_older_kernel(void **state)
{
	uint64_t found;

	(void)state;
	scan_error = EFAULT;
	assert_int_equal(pagemap_next(&pagemap, room, room + ROOM, STEP, &found),
			 -EFAULT);
	assert_int_equal(entries, 0);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	uint64_t found;

	(void)state;
	entry_error = EIO;
	assert_int_equal(pagemap_next(&pagemap, room, room + ROOM, STEP, &found), -EIO);
	entry_error = 0;
	has_no_end = true;
	assert_int_equal(pagemap_next(&pagemap, room, room + ROOM, STEP, &found), -ESRCH);
}

static void process_that_is_gone_is_esrch(void **state)
{
	struct pagemap none;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	assert_int_equal(pagemap_open(pid, &none), -ESRCH);
	pagemap_close(&none);
}

/* A buffer that is where it was: each step of it is found, one after the other. */
static void memory_that_is_there_takes_little_time(void **state)
{
	const uint64_t size = UINT64_C(1) << 30;
	struct timespec began, ended;
	uint64_t steps = 0, begin, end;
	char *memory;

	(void)state;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	assert_true(memory != MAP_FAILED);
	(void)madvise(memory, size, MADV_NOHUGEPAGE);
	memset(memory, 1, size);
	begin = ((uintptr_t)memory + STEP - 1) / STEP * STEP;
	end = (uintptr_t)memory + size;

	clock_gettime(CLOCK_MONOTONIC, &began);
	while (pagemap_next(&pagemap, begin, end, STEP, &begin) == 0) {
		begin += STEP;
		steps++;
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_int_equal(munmap(memory, size), 0);

	assert_in_range(steps, size / STEP - 1, size / STEP);
	assert_in_range(ended.tv_sec - began.tv_sec, 0, 1);
}

/* Such as sanitizers have, and drivers for all memory that may ever be. */
static void terabytes_that_are_not_there_take_no_time(void **state)
{
	const uint64_t size = UINT64_C(4) << 40;
	struct timespec began, ended;
	uint64_t found, begin;
	void *memory;

	(void)state;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		skip();
	begin = ((uintptr_t)memory + STEP - 1) / STEP * STEP;
	clock_gettime(CLOCK_MONOTONIC, &began);
	assert_int_equal(pagemap_next(&pagemap, begin, begin + size - STEP, STEP, &found),
			 -ENOENT);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_int_equal(munmap(memory, size), 0);

	if (!pagemap.can_scan)
		skip();
	assert_in_range(ended.tv_sec - began.tv_sec, 0, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_map, close_map)
#define OLDER(test)                                                                   \
	{                                                                             \
		"older kernel: " #test, test, open_map_of_an_older_kernel, close_map, \
			NULL                                                          \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(page_that_is_there_is_found),
		CASE(pages_between_the_steps_are_none),
		CASE(page_that_was_dropped_is_none),
		OLDER(page_that_is_there_is_found),
		OLDER(pages_between_the_steps_are_none),
		OLDER(page_that_was_dropped_is_none),
		OLDER(older_kernel_is_asked_only_once),
		CASE(kernel_with_other_words_is_an_older_one),
		CASE(error_is_no_older_kernel),
		OLDER(what_cannot_be_read_is_an_error),
		CASE(process_that_is_gone_is_esrch),
		CASE(memory_that_is_there_takes_little_time),
		OLDER(memory_that_is_there_takes_little_time),
		CASE(terabytes_that_are_not_there_take_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
