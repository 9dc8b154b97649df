/* SPDX-License-Identifier: GPL-2.0-only */
#include "pid_set.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ADD(set, ...)                                    \
	pid_set_add(set, (const pid_t[]){ __VA_ARGS__ }, \
		    ARRAY_SIZE(((const pid_t[]){ __VA_ARGS__ })))
#define MANY 10000

static bool memory_is_short;

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
	return memory_is_short ? NULL : __real_realloc(memory, size);
}

static unsigned int sorts;

void __real_qsort(void *base, size_t count, size_t size,
		  int (*compare)(const void *a, const void *b));
void __wrap_qsort(void *base, size_t count, size_t size,
		  int (*compare)(const void *a, const void *b));
void __wrap_qsort(void *base, size_t count, size_t size,
		  int (*compare)(const void *a, const void *b))
{
	sorts++;
	__real_qsort(base, count, size, compare);
}

static struct pid_set set;

static int begin(void **state)
{
	(void)state;
	memory_is_short = false;
	sorts = 0;
	set = (struct pid_set){ .count = 0 };

	return 0;
}

static int end(void **state)
{
	(void)state;
	pid_set_release(&set);

	return 0;
}

static void assert_has_between(pid_t first, pid_t last, const char *expected)
{
	for (pid_t pid = first; pid <= last; pid++)
		assert_int_equal(pid_set_has(&set, pid), expected[pid - first] == 'x');
}

static void new_set_is_empty(void **state)
{
	(void)state;
	assert_false(pid_set_has(&set, 0));
	assert_false(pid_set_has(&set, 1));
}

static void set_has_what_was_added_in_any_order(void **state)
{
	(void)state;
	assert_int_equal(ADD(&set, 7, 3, 5), 0);
	assert_has_between(0, 9, "...x.x.x..");

	assert_int_equal(ADD(&set, 1), 0);
	assert_has_between(0, 9, ".x.x.x.x..");

	assert_int_equal(ADD(&set, 9, 4), 0);
	assert_has_between(0, 9, ".x.xxx.x.x");
}

static void pid_that_is_added_twice_is_there(void **state)
{
	(void)state;
	assert_int_equal(ADD(&set, 2, 2, 5), 0);
	assert_int_equal(ADD(&set, 5, 2), 0);

	assert_has_between(0, 6, "..x..x.");
}

static void least_and_greatest_pids_do_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(ADD(&set, INT_MAX, INT_MIN, 1, -1), 0);

	assert_true(pid_set_has(&set, INT_MAX));
	assert_true(pid_set_has(&set, INT_MIN));
	assert_has_between(-2, 2, ".x.x.");
}

static void adding_nothing_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(pid_set_add(&set, NULL, 0), 0);
	assert_false(pid_set_has(&set, 0));

	assert_int_equal(ADD(&set, 3), 0);
	assert_int_equal(pid_set_add(&set, NULL, 0), 0);
	assert_has_between(0, 4, "...x.");
}

static void very_many_are_all_there_and_no_others(void **state)
{
	static pid_t pids[MANY];

	(void)state;
	/* Even ones, each once, in no order. */
	for (size_t i = 0; i < MANY; i++)
		pids[i] = (pid_t)(i * 7919 % MANY) * 2;

	assert_int_equal(pid_set_add(&set, pids, MANY / 2), 0);
	assert_int_equal(pid_set_add(&set, pids + MANY / 2, MANY / 2), 0);

	for (pid_t pid = -1; pid <= 2 * MANY; pid++)
		assert_int_equal(pid_set_has(&set, pid), pid % 2 == 0 && pid < 2 * MANY);
}

/* Those of a big tree that are seen late come so. */
static void newcomers_one_by_one_cost_no_sort(void **state)
{
	(void)state;
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(ADD(&set, (pid_t)(i * 7919 % MANY) * 2), 0);

	for (pid_t pid = -1; pid <= 2 * MANY; pid++)
		assert_int_equal(pid_set_has(&set, pid), pid % 2 == 0 && pid < 2 * MANY);
	assert_int_equal(sorts, 0);
}

static void without_memory_nothing_is_added(void **state)
{
	(void)state;
	memory_is_short = true;
	assert_int_equal(ADD(&set, 2), -ENOMEM);
	assert_false(pid_set_has(&set, 2));

	memory_is_short = false;
	assert_int_equal(ADD(&set, 3, 1), 0);
	memory_is_short = true;
	assert_int_equal(ADD(&set, 2), -ENOMEM);
	assert_has_between(0, 4, ".x.x.");

	memory_is_short = false;
	assert_int_equal(ADD(&set, 2), 0);
	assert_has_between(0, 4, ".xxx.");
}

static void what_is_in_it_is_dropped_from_a_list(void **state)
{
	pid_t pids[] = { 4, 3, 2, 1 };
	size_t count = 4;

	(void)state;
	pid_set_drop(&set, pids, &count);
	assert_int_equal(count, 4);

	assert_int_equal(ADD(&set, 1, 3), 0);
	pid_set_drop(&set, pids, &count);

	assert_int_equal(count, 2);
	assert_int_equal(pids[0], 4);
	assert_int_equal(pids[1], 2);
}

static void set_that_was_released_is_empty_and_can_be_used(void **state)
{
	(void)state;
	pid_set_release(&set);
	assert_int_equal(ADD(&set, 3), 0);

	pid_set_release(&set);
	assert_false(pid_set_has(&set, 3));

	assert_int_equal(ADD(&set, 4), 0);
	assert_has_between(2, 5, "..x.");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(new_set_is_empty),
		CASE(set_has_what_was_added_in_any_order),
		CASE(pid_that_is_added_twice_is_there),
		CASE(least_and_greatest_pids_do_not_overflow),
		CASE(adding_nothing_changes_nothing),
		CASE(very_many_are_all_there_and_no_others),
		CASE(newcomers_one_by_one_cost_no_sort),
		CASE(without_memory_nothing_is_added),
		CASE(what_is_in_it_is_dropped_from_a_list),
		CASE(set_that_was_released_is_empty_and_can_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
