/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waves, over memory_room.c and a machine that is made up.
 */
#include "wave.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_memory_cgroup.h"
#include "file_tree.h"
#include "memory_answer.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define GIB	      (1ULL << 30)
#define UNKNOWN	      MEMORY_UNKNOWN

static char reason[REASON_MAX];
static bool no_memory;

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	(void)mode;
	return file_tree_open(path);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return no_memory ? NULL : __real_calloc(count, size);
}

static void machine_has(uint64_t bytes)
{
	file_tree_add("/proc/meminfo", "MemAvailable: %lu kB\n", bytes >> 10);
}

/* 64 GiB are available, 60 of them without the reserve, and no cgroup limits anything. */
static int begin(void **state)
{
	(void)state;
	no_memory = false;
	file_tree_clear();
	machine_has(64 * GIB);
	fake_memory_cgroups_reset();
	snprintf(reason, sizeof(reason), "untouched");
	return 0;
}

static size_t chosen(const struct memory_demand *demands, size_t count,
		     uint64_t host_memory)
{
	size_t wave = 4711;

	assert_int_equal(wave_choose(demands, count, host_memory, &wave, reason), 0);
	assert_string_equal(reason, "untouched");
	return wave;
}

static void assert_none(const struct memory_demand *demands, size_t count,
			uint64_t host_memory, int error, const char *expected)
{
	size_t wave = 4711;

	assert_int_equal(wave_choose(demands, count, host_memory, &wave, reason), error);
	assert_int_equal(wave, 4711);
	assert_string_equal(reason, expected);
}

/* --- what fits ---------------------------------------------------------------------- */

static void a_wave_is_as_many_as_fit_beside_the_reserve(void **state)
{
	const struct memory_demand demands[] = { { 7, 30 * GIB },
						 { 8, 30 * GIB },
						 { 9, 30 * GIB } };

	(void)state;
	assert_int_equal(chosen(demands, 3, 0), 2);
	assert_int_equal(chosen(demands + 2, 1, 0), 1);
	assert_int_equal(chosen(demands, 0, 0), 0);
	assert_int_equal(chosen(NULL, 0, GIB), 0);
}

static void each_wave_looks_anew(void **state)
{
	const struct memory_demand demands[] = { { 7, 30 * GIB },
						 { 8, 30 * GIB },
						 { 9, 30 * GIB } };

	(void)state;
	assert_int_equal(chosen(demands, 3, 0), 2);
	machine_has(128 * GIB);
	assert_int_equal(chosen(demands, 3, 0), 3);

	fake_memory_cgroups_add(8, "/c", 31 * GIB);
	assert_int_equal(chosen(demands, 3, 0), 1);
	fake_memory_cgroups_reset();
	fake_memory_cgroups_add(8, "/c", 32 * GIB);
	assert_int_equal(chosen(demands, 3, 0), 3);
}

static void host_memory_says_how_much_at_once(void **state)
{
	const struct memory_demand demands[] = { { 7, 20 * GIB },
						 { 8, 20 * GIB },
						 { 9, 24 * GIB } };

	(void)state;
	assert_int_equal(chosen(demands, 3, 20 * GIB), 1);
	assert_int_equal(chosen(demands, 3, 40 * GIB), 2);
	assert_int_equal(chosen(demands, 3, 64 * GIB), 3);
	assert_int_equal(chosen(demands, 3, 1000 * GIB), 3);

	fake_memory_cgroups_add(7, "/c", 40 * GIB);
	fake_memory_cgroups_add(8, "/c", 40 * GIB);
	assert_int_equal(chosen(demands, 3, 64 * GIB), 1);
}

/* --- one alone ---------------------------------------------------------------------- */

static void one_alone_may_be_larger_than_host_memory(void **state)
{
	const struct memory_demand demands[] = { { 7, 62 * GIB }, { 8, 1 } };

	(void)state;
	assert_int_equal(chosen(demands, 2, 24 * GIB), 1);
	assert_int_equal(chosen(demands, 2, 1), 1);
}

static void one_alone_may_take_the_reserve(void **state)
{
	const struct memory_demand demands[] = { { 7, 64 * GIB }, { 8, 1 } };

	(void)state;
	assert_int_equal(chosen(demands, 2, 0), 1);

	machine_has(100 * GIB);
	fake_memory_cgroups_add(7, "/c", 64 * GIB);
	assert_int_equal(chosen(demands, 2, 0), 1);
}

static void one_that_does_not_fit_alone_is_said_so(void **state)
{
	const struct memory_demand demands[] = { { 7, 64 * GIB + 1 }, { 8, 1 } };
	static const uint64_t sizes[] = { 0, 1, 24 * GIB, 1000 * GIB };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_none(demands, 2, sizes[i], -ENOSPC,
			    "pid 7: its GPU memory needs 64.1 GiB of host memory, and "
			    "there is room for 64.0 GiB in the machine; make room");

	machine_has(100 * GIB);
	fake_memory_cgroups_add(7, "/c", 2 * GIB);
	assert_none(demands, 2, 24 * GIB, -ENOSPC,
		    "pid 7: its GPU memory needs 64.1 GiB of host memory, and there is "
		    "room for 2.0 GiB in the memory cgroup /c; raise its limit or make "
		    "room");
}

static void a_later_one_without_room_is_for_a_later_wave_to_say(void **state)
{
	const struct memory_demand demands[] = { { 7, 1 }, { 8, 65 * GIB } };

	(void)state;
	assert_int_equal(chosen(demands, 2, 0), 1);
	assert_int_equal(chosen(demands, 2, 64 * GIB), 1);
}

/* --- what is not known -------------------------------------------------------------- */

static void unknown_memory_counts_as_nothing(void **state)
{
	const struct memory_demand demands[] = {
		{ 7, UNKNOWN }, { 8, 50 * GIB }, { 9, UNKNOWN }, { 10, 50 * GIB }
	};

	(void)state;
	assert_int_equal(chosen(demands, 4, 0), 3);
	assert_int_equal(chosen(demands, 1, 0), 1);
	assert_true(demands[0].bytes == UNKNOWN);
}

static void unknown_memory_goes_alone_where_there_is_a_bound(void **state)
{
	const struct memory_demand demands[] = {
		{ 7, UNKNOWN }, { 8, UNKNOWN }, { 9, 1 }, { 10, 1 }, { 11, UNKNOWN }
	};

	(void)state;
	assert_int_equal(chosen(demands, 5, 10 * GIB), 1);
	assert_int_equal(chosen(demands + 1, 4, 10 * GIB), 1);
	assert_int_equal(chosen(demands + 2, 3, 10 * GIB), 2);
	assert_int_equal(chosen(demands + 4, 1, 10 * GIB), 1);
}

static void what_needs_nothing_is_never_in_the_way(void **state)
{
	const struct memory_demand demands[] = { { 7, 0 }, { 8, UNKNOWN } };

	(void)state;
	file_tree_clear();
	assert_int_equal(chosen(demands, 2, 0), 2);
	assert_int_equal(chosen(demands, 2, 1), 1);
	assert_int_equal(chosen(demands + 1, 1, 1), 1);
}

/* --- what cannot be found out ------------------------------------------------------- */

static void room_that_cannot_be_seen_is_an_error(void **state)
{
	const struct memory_demand demands[] = { { 7, 1 }, { 8, 1 } };

	(void)state;
	fake_memory_cgroups.fail_pid = 8;
	fake_memory_cgroups.error = -ESRCH;
	assert_none(demands, 2, 0, -ESRCH,
		    "pid 8: cannot find the room in its memory cgroup: No such process");

	file_tree_clear();
	assert_none(demands, 2, GIB, -ENOENT,
		    "cannot read MemAvailable of /proc/meminfo: No such file or "
		    "directory");
}

static void without_memory_there_is_no_wave(void **state)
{
	const struct memory_demand demands[] = { { 7, 1 }, { 8, 1 } };

	(void)state;
	no_memory = true;
	assert_none(demands, 2, 0, -ENOMEM, "out of memory for 2 CUDA processes");
}

/* --- all of them -------------------------------------------------------------------- */

/* Whatever they are, wave after wave comes to the end, and none is too large. */
static void waves_take_all_in_the_end(void **state)
{
	struct memory_demand demands[30];
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 100; round++) {
		size_t done = 0;

		for (size_t i = 0; i < ARRAY_SIZE(demands); i++)
			demands[i] = (struct memory_demand){ 7, (uint64_t)rand_r(&seed) %
									64 * GIB };
		while (done < ARRAY_SIZE(demands)) {
			const size_t left = ARRAY_SIZE(demands) - done;
			const size_t wave = chosen(demands + done, left, 0);
			uint64_t sum = 0;

			assert_in_range(wave, 1, left);
			for (size_t i = 0; i < wave; i++)
				sum += demands[done + i].bytes;
			assert_true(wave == 1 || sum <= 60 * GIB);
			if (wave < left)
				assert_true(sum + demands[done + wave].bytes > 60 * GIB);
			done += wave;
		}
	}
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_wave_is_as_many_as_fit_beside_the_reserve),
		CASE(each_wave_looks_anew),
		CASE(host_memory_says_how_much_at_once),
		CASE(one_alone_may_be_larger_than_host_memory),
		CASE(one_alone_may_take_the_reserve),
		CASE(one_that_does_not_fit_alone_is_said_so),
		CASE(a_later_one_without_room_is_for_a_later_wave_to_say),
		CASE(unknown_memory_counts_as_nothing),
		CASE(unknown_memory_goes_alone_where_there_is_a_bound),
		CASE(what_needs_nothing_is_never_in_the_way),
		CASE(room_that_cannot_be_seen_is_an_error),
		CASE(without_memory_there_is_no_wave),
		CASE(waves_take_all_in_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
