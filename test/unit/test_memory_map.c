/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test's own memory, as /proc shows it.
 */
#include "memory_map.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#define PAGES 16
#define RW    (PROT_READ | PROT_WRITE)

static char *memory; /* PAGES, private and anonymous */
static size_t page;

static int map_memory(void **state)
{
	(void)state;
	page = (size_t)sysconf(_SC_PAGESIZE);
	/* With a neighbour on each side that is of another kind. */
	memory = mmap(NULL, (PAGES + 2) * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	assert_true(memory != MAP_FAILED);
	memory += page;
	assert_int_equal(mprotect(memory, PAGES * page, RW), 0);
	return 0;
}

static int unmap_memory(void **state)
{
	(void)state;
	return munmap(memory - page, (PAGES + 2) * page);
}

static bool has(const char *from, size_t bytes)
{
	struct memory_map map;
	bool found;

	assert_int_equal(memory_map_read(getpid(), &map), 0);
	found = memory_map_has(&map, (uintptr_t)from, bytes);
	memory_map_release(&map);
	memory_map_release(&map); /* and again */
	return found;
}

static void private_anonymous_memory_is_there_from_end_to_end(void **state)
{
	(void)state;
	assert_true(has(memory, PAGES * page));
	assert_true(has(memory + page, (PAGES - 1) * page));
	assert_true(has(memory + 1, 1));
	assert_true(has(memory + PAGES * page, 0));
	assert_false(has(memory - 1, 2));
	assert_false(has(memory, PAGES * page + 1));
	assert_false(has(memory + PAGES * page, 1));
	assert_false(has(memory, SIZE_MAX));
	assert_false(has((char *)SIZE_MAX, 2));
}

static void what_the_kernel_shows_as_several_mappings_is_one_range(void **state)
{
	(void)state;
	/* Another flag in the middle: three lines. */
	assert_int_equal(madvise(memory + 4 * page, 4 * page, MADV_DONTFORK), 0);

	assert_true(has(memory, PAGES * page));
}

static void memory_of_another_kind_is_not_there(void **state)
{
	char *const middle = memory + 8 * page;
	const int fixed = MAP_FIXED | MAP_ANONYMOUS;
	int fd autoclose = memfd_create("file", MFD_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)page), 0);

	assert_true(mmap(middle, page, RW, fixed | MAP_SHARED, -1, 0) == middle);
	assert_false(has(middle, page));
	assert_false(has(memory, PAGES * page));
	assert_true(has(memory, 8 * page));

	assert_true(mmap(middle, page, RW, MAP_FIXED | MAP_PRIVATE, fd, 0) == middle);
	assert_false(has(middle, page));

	assert_true(mmap(middle, page, PROT_READ, fixed | MAP_PRIVATE, -1, 0) == middle);
	assert_false(has(middle, page));

	assert_int_equal(munmap(middle, page), 0);
	assert_false(has(middle, page));
	assert_true(has(middle + page, 7 * page));
	assert_true(mmap(middle, page, RW, fixed | MAP_PRIVATE, -1, 0) == middle);
	assert_true(has(memory, PAGES * page));
}

static void ranges_are_in_order_and_apart(void **state)
{
	struct memory_map map;

	(void)state;
	for (size_t i = 0; i < PAGES; i += 2)
		assert_int_equal(mprotect(memory + i * page, page, PROT_READ), 0);
	assert_int_equal(memory_map_read(getpid(), &map), 0);

	assert_true(map.count >= PAGES / 2);
	for (size_t i = 0; i < map.count; i++)
		assert_true(map.ranges[i].begin < map.ranges[i].end);
	for (size_t i = 1; i < map.count; i++)
		assert_true(map.ranges[i - 1].end < map.ranges[i].begin);
	memory_map_release(&map);
}

static void process_that_has_ended_is_esrch(void **state)
{
	struct memory_map map = { .count = 77 };
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	assert_int_equal(memory_map_read(pid, &map), -ESRCH);
	assert_int_equal(map.count, 77);
}

/* --- what the kernel would not write ------------------------------------------------ */

static const char *lines; /* in place of /proc/PID/maps, if not NULL */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (lines)
		return fmemopen((void *)lines, strlen(lines), "r");

	return __real_fopen(path, mode);
}

static void line_that_makes_no_sense_is_refused(void **state)
{
	static const char *const senseless[] = {
		"7f0000000000-7f0000001000 rw-p 00000000 00:00 x \n",
		"7f0000000000 rw-p 00000000 00:00 0 \n",
		"7f0000001000-7f0000001000 rw-p 00000000 00:00 0 \n",
		"7f0000001000-7f0000000000 rw-p 00000000 00:00 0 \n",
		"1000-2000 rw-p 00000000 00:00 0 \nwhat is this\n",
	};
	struct memory_map map = { .count = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(senseless) / sizeof(senseless[0]); i++) {
		lines = senseless[i];
		assert_int_equal(memory_map_read(1, &map), -EBADMSG);
	}
	lines = NULL;
	assert_int_equal(map.count, 77);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, map_memory, unmap_memory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(private_anonymous_memory_is_there_from_end_to_end),
		CASE(what_the_kernel_shows_as_several_mappings_is_one_range),
		CASE(memory_of_another_kind_is_not_there),
		CASE(ranges_are_in_order_and_apart),
		cmocka_unit_test(process_that_has_ended_is_esrch),
		cmocka_unit_test(line_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
