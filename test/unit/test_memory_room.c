/* SPDX-License-Identifier: GPL-2.0-only */
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
#define MIB	      (1ULL << 20)
#define GIB	      (1ULL << 30)

static char reason[MEMORY_ROOM_REASON_SIZE];

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	assert_string_equal(mode, "re");
	return file_tree_open(path);
}

static void machine_has(uint64_t bytes)
{
	file_tree_add("/proc/meminfo",
		      "MemTotal: 99999999 kB\nMemFree: 1 kB\nMemAvailable: %lu kB\n"
		      "SwapFree: 99999999 kB\n",
		      bytes >> 10);
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

static int check(const struct memory_demand *demands, size_t count)
{
	int ret = memory_room_check(demands, count, reason, sizeof(reason));

	assert_int_equal(fake_memory_cgroups.handed_out, 0);
	return ret;
}

static void assert_refused(const struct memory_demand *demands, size_t count,
			   const char *expected)
{
	assert_int_equal(check(demands, count), -ENOSPC);
	assert_string_equal(reason, expected);
}

/* --- room enough ------------------------------------------------------------------- */

static void what_fits_everywhere_passes_without_a_word(void **state)
{
	const struct memory_demand demands[] = { { 7, 40 * GIB }, { 8, 24 * GIB } };

	(void)state;
	fake_memory_cgroups_add(7, "/c/a", 40 * GIB);
	fake_memory_cgroups_add(7, "/c", 64 * GIB);
	fake_memory_cgroups_add(8, "/c/b", 24 * GIB);
	fake_memory_cgroups_add(8, "/c", 64 * GIB);

	assert_int_equal(check(demands, 2), 0);

	assert_string_equal(reason, "untouched");
}

static void nothing_is_looked_at_for_those_who_need_nothing(void **state)
{
	const struct memory_demand demands[] = { { 7, 0 }, { 8, 0 } };

	(void)state;
	file_tree_clear();

	assert_int_equal(check(demands, 2), 0);
	assert_int_equal(check(NULL, 0), 0);

	assert_int_equal(fake_memory_cgroups.calls, 0);
}

/* --- not enough ----------------------------------------------------------------- */

static void the_machine_is_named_with_both_figures(void **state)
{
	const struct memory_demand one[] = { { 7, 70 * GIB } };
	const struct memory_demand two[] = { { 7, 40 * GIB }, { 8, 30 * GIB } };

	(void)state;
	assert_refused(
		one, 1,
		"pid 7: its GPU memory needs 70.0 GiB of host memory, and there is "
		"room for 64.0 GiB in the machine; make room");
	assert_refused(two, 2,
		       "pids 7, 8: their GPU memory needs 70.0 GiB of host memory, and "
		       "there is room for 64.0 GiB in the machine; make room");
}

static void the_cgroup_is_named_with_its_own_processes(void **state)
{
	const struct memory_demand demands[] = {
		{ 7, 2 * GIB }, { 8, 0 }, { 9, 3 * GIB }, { 10, GIB }
	};

	(void)state;
	fake_memory_cgroups_add(7, "/c/a", 8 * GIB);
	fake_memory_cgroups_add(8, "/c/a", 8 * GIB);
	fake_memory_cgroups_add(9, "/c/a/x", 8 * GIB);
	fake_memory_cgroups_add(7, "/c", 4 * GIB);
	fake_memory_cgroups_add(8, "/c", 4 * GIB);
	fake_memory_cgroups_add(9, "/c", 4 * GIB);
	fake_memory_cgroups_add(10, "/c/a", 8 * GIB);

	assert_refused(
		demands, ARRAY_SIZE(demands),
		"pids 7, 9: their GPU memory needs 5.0 GiB of host memory, and "
		"there is room for 4.0 GiB in the memory cgroup /c; raise its limit "
		"or make room");
}

static void of_several_bounds_that_are_too_low_the_worst_is_named(void **state)
{
	const struct memory_demand demands[] = { { 7, 70 * GIB } };

	(void)state;
	fake_memory_cgroups_add(7, "/a/b", 65 * GIB);
	fake_memory_cgroups_add(7, "/a", 3 * MIB / 2);

	assert_refused(
		demands, 1,
		"pid 7: its GPU memory needs 70.0 GiB of host memory, and there is "
		"room for 1.5 MiB in the memory cgroup /a; raise its limit or make "
		"room");
}

/* Where its room changes meanwhile, the least that was seen counts. */
static void processes_of_one_cgroup_share_it(void **state)
{
	const struct memory_demand demands[] = { { 7, GIB }, { 8, GIB } };

	(void)state;
	fake_memory_cgroups_add(7, "/c", 3 * GIB);
	fake_memory_cgroups_add(8, "/c", 2 * GIB - 1);
	assert_refused(
		demands, 2,
		"pids 7, 8: their GPU memory needs 2.0 GiB of host memory, and "
		"there is room for 1.9 GiB in the memory cgroup /c; raise its limit "
		"or make room");
}

static const struct {
	uint64_t needed, room;
	const char *figures;
} roundings[] = {
	{ 1024, 0, "needs 0.1 MiB of host memory, and there is room for 0.0 MiB" },
	{ GIB, GIB - 1024,
	  "needs 1.0 GiB of host memory, and there is room for 1023.9 MiB" },
	{ GIB + 1, GIB, "needs 1.1 GiB of host memory, and there is room for 1.0 GiB" },
	{ 79 * GIB / 2 + 1, 79 * GIB / 2,
	  "needs 39.6 GiB of host memory, and there is room for 39.5 GiB" },
	{ UINT64_MAX, 0,
	  "needs 17179869184.0 GiB of host memory, and there is room for 0.0 MiB" },
};

static void what_is_needed_is_rounded_up_and_what_is_there_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roundings); i++) {
		const struct memory_demand demands[] = { { 7, roundings[i].needed } };

		begin(NULL);
		machine_has(roundings[i].room);

		assert_int_equal(check(demands, 1), -ENOSPC);

		if (!strstr(reason, roundings[i].figures))
			fail_msg("%s", reason);
	}
}

static void demands_beyond_all_bounds_do_not_wrap(void **state)
{
	const struct memory_demand demands[] = { { 7, UINT64_MAX - 5 }, { 8, 10 } };

	(void)state;
	fake_memory_cgroups_add(7, "/c", 100 * GIB);
	fake_memory_cgroups_add(8, "/c", 100 * GIB);

	assert_int_equal(check(demands, 2), -ENOSPC);

	assert_non_null(strstr(reason, "17179869184.0 GiB"));
}

static void of_many_processes_the_first_are_named(void **state)
{
	struct memory_demand demands[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		demands[i] = (struct memory_demand){ 2147483600 + i, 4 * GIB };

	assert_refused(demands, 20,
		       "pids 2147483600, 2147483601, 2147483602, 2147483603, 2147483604, "
		       "2147483605, 2147483606, 2147483607 and 12 more: their GPU memory "
		       "needs 80.0 GiB of host memory, and there is room for 64.0 GiB in "
		       "the machine; make room");
}

static void a_reason_that_does_not_fit_is_cut(void **state)
{
	const struct memory_demand demands[] = { { 7, 70 * GIB } };
	char small[8] = "1234567";

	(void)state;
	assert_int_equal(memory_room_check(demands, 1, small, 6), -ENOSPC);

	assert_string_equal(small, "pid 7");
	assert_int_equal(small[6], '7');
}

/* --- what cannot be found out --------------------------------------------------- */

static void a_machine_that_does_not_say_is_an_error(void **state)
{
	const struct memory_demand demands[] = { { 7, 1 } };

	(void)state;
	file_tree_add("/proc/meminfo", "MemTotal: 5 kB\n");
	assert_int_equal(check(demands, 1), -EBADMSG);
	assert_string_equal(reason,
			    "cannot read MemAvailable of /proc/meminfo: Bad message");

	file_tree_fail_open("/proc/meminfo", EACCES);
	assert_int_equal(check(demands, 1), -EACCES);
	assert_string_equal(
		reason, "cannot read MemAvailable of /proc/meminfo: Permission denied");
}

static void a_process_that_cannot_be_looked_at_is_an_error(void **state)
{
	const struct memory_demand demands[] = { { 7, 1 }, { 8, 1 }, { 9, 1 } };
	static const int errors[] = { -ESRCH, -ENOMEM, -EBADMSG, -EIO };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		begin(NULL);
		fake_memory_cgroups_add(7, "/c", 100 * GIB);
		fake_memory_cgroups.fail_pid = 8;
		fake_memory_cgroups.error = errors[i];

		assert_int_equal(check(demands, 3), errors[i]);

		assert_ptr_equal(strstr(reason, "pid 8: cannot find the room in its "
						"memory cgroup: "),
				 reason);
	}
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_fits_everywhere_passes_without_a_word),
		CASE(nothing_is_looked_at_for_those_who_need_nothing),
		CASE(the_machine_is_named_with_both_figures),
		CASE(the_cgroup_is_named_with_its_own_processes),
		CASE(of_several_bounds_that_are_too_low_the_worst_is_named),
		CASE(processes_of_one_cgroup_share_it),
		CASE(what_is_needed_is_rounded_up_and_what_is_there_down),
		CASE(demands_beyond_all_bounds_do_not_wrap),
		CASE(of_many_processes_the_first_are_named),
		CASE(a_reason_that_does_not_fit_is_cut),
		CASE(a_machine_that_does_not_say_is_an_error),
		CASE(a_process_that_cannot_be_looked_at_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
