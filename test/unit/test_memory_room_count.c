/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many processes at the same time.
 */
#include "memory_room.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_memory_cgroup.h"
#include "file_tree.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define GIB	      (1ULL << 30)

static char reason[MEMORY_ROOM_REASON_SIZE];

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	(void)mode;
	return file_tree_open(path);
}

static void machine_has(uint64_t bytes)
{
	file_tree_add("/proc/meminfo", "MemAvailable: %lu kB\n", bytes >> 10);
}

/* 64 GiB are available, and no cgroup limits anything. */
static int begin(void **state)
{
	(void)state;
	file_tree_clear();
	machine_has(64 * GIB);
	fake_memory_cgroups_reset();
	snprintf(reason, sizeof(reason), "untouched");
	return 0;
}

static size_t counted(const struct memory_demand *demands, size_t count,
		      uint64_t host_memory)
{
	size_t fitting = 4711;

	assert_int_equal(memory_room_count(demands, count, host_memory, &fitting, reason,
					   sizeof(reason)),
			 0);
	assert_int_equal(fake_memory_cgroups.handed_out, 0);
	assert_string_equal(reason, "untouched");
	return fitting;
}

/* Of 64 GiB 60 may be taken. */
static void as_many_are_counted_as_leave_the_machine_a_reserve(void **state)
{
	struct memory_demand demands[] = {
		{ 7, 20 * GIB }, { 8, 30 * GIB }, { 9, 10 * GIB }, { 10, 1 }
	};

	(void)state;
	assert_int_equal(counted(demands, 4, 0), 3);
	assert_int_equal(counted(demands, 3, 0), 3);
	demands[2].bytes++;
	assert_int_equal(counted(demands, 4, 0), 2);
	demands[1].bytes = 41 * GIB;
	assert_int_equal(counted(demands, 4, 0), 1);
	demands[0].bytes = 61 * GIB;
	assert_int_equal(counted(demands, 4, 0), 0);
}

static void each_number_of_them_is_counted(void **state)
{
	struct memory_demand demands[20];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(demands); i++)
		demands[i] = (struct memory_demand){ 7, GIB };

	for (size_t room = 0; room <= ARRAY_SIZE(demands) + 1; room++) {
		machine_has(room * GIB * 16 / 15 + GIB / 2);
		for (size_t count = 1; count <= ARRAY_SIZE(demands); count++)
			assert_int_equal(counted(demands, count, 0),
					 room < count ? room : count);
	}
}

static void each_cgroup_has_a_reserve_too(void **state)
{
	struct memory_demand demands[] = { { 7, 10 * GIB },
					   { 8, 5 * GIB },
					   { 9, 10 * GIB } };

	(void)state;
	fake_memory_cgroups_add(7, "/c/a", 100 * GIB);
	fake_memory_cgroups_add(7, "/c", 16 * GIB);
	fake_memory_cgroups_add(8, "/c", 16 * GIB);
	assert_int_equal(counted(demands, 3, 0), 3);

	demands[1].bytes++;
	assert_int_equal(counted(demands, 3, 0), 1);
	assert_int_equal(counted(demands, 3, 50 * GIB), 1);

	fake_memory_cgroups_add(9, "/d", 10 * GIB);
	demands[1].bytes = GIB;
	assert_int_equal(counted(demands, 3, 0), 2);
}

static void host_memory_stands_for_the_reserve_of_the_machine(void **state)
{
	const struct memory_demand demands[] = { { 7, 20 * GIB },
						 { 8, 20 * GIB },
						 { 9, 24 * GIB } };

	(void)state;
	assert_int_equal(counted(demands, 3, 20 * GIB - 1), 0);
	assert_int_equal(counted(demands, 3, 20 * GIB), 1);
	assert_int_equal(counted(demands, 3, 40 * GIB), 2);
	assert_int_equal(counted(demands, 3, 0), 2);
	assert_int_equal(counted(demands, 3, 64 * GIB), 3);

	/* It makes no room where there is none. */
	machine_has(63 * GIB);
	assert_int_equal(counted(demands, 3, 64 * GIB), 2);
}

static void those_who_need_nothing_are_counted_too(void **state)
{
	const struct memory_demand demands[] = { { 7, 0 },  { 8, 50 * GIB },  { 9, 0 },
						 { 10, 0 }, { 11, 50 * GIB }, { 12, 0 } };

	(void)state;
	assert_int_equal(counted(demands, ARRAY_SIZE(demands), 0), 4);
	assert_int_equal(counted(demands, 1, 0), 1);

	file_tree_clear();
	assert_int_equal(counted(demands, 1, 0), 1);
	assert_int_equal(counted(NULL, 0, 0), 0);
}

static void what_cannot_be_found_out_is_not_counted(void **state)
{
	const struct memory_demand demands[] = { { 7, 1 }, { 8, 1 } };
	size_t fitting = 4711;

	(void)state;
	fake_memory_cgroups_add(7, "/c", GIB);
	fake_memory_cgroups.fail_pid = 8;
	fake_memory_cgroups.error = -ESRCH;
	assert_int_equal(
		memory_room_count(demands, 2, 0, &fitting, reason, sizeof(reason)),
		-ESRCH);
	assert_int_equal(fake_memory_cgroups.handed_out, 0);
	assert_string_equal(reason,
			    "pid 8: cannot find the room in its memory cgroup: No "
			    "such process");

	file_tree_clear();
	assert_int_equal(
		memory_room_count(demands, 1, GIB, &fitting, reason, sizeof(reason)),
		-ENOENT);
	assert_int_equal(fitting, 4711);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(as_many_are_counted_as_leave_the_machine_a_reserve),
		CASE(each_number_of_them_is_counted),
		CASE(each_cgroup_has_a_reserve_too),
		CASE(host_memory_stands_for_the_reserve_of_the_machine),
		CASE(those_who_need_nothing_are_counted_too),
		CASE(what_cannot_be_found_out_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
