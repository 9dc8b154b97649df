/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rosters. That nothing is freed twice, or never, the sanitizers see.
 */
#include "roster.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define FILL(roster, ...)                                           \
	roster_fill(roster, &model, (const pid_t[]){ __VA_ARGS__ }, \
		    ARRAY_SIZE(((const pid_t[]){ __VA_ARGS__ })))
#define MANY 10000

static const struct cuda_process model = {
	.pid = 77,
	.found = CUDA_LOCKED,
	.rung = CUDA_CHECKPOINTED,
	.is_expendable = true,
	.bytes = MEMORY_UNKNOWN,
};

/* --- memory that runs out --------------------------------------------------------- */

static unsigned int allocations, failing; /* the one that fails, from 1; 0: none */

static bool fails(void)
{
	return ++allocations == failing;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

static void fail_allocation(unsigned int number)
{
	allocations = 0;
	failing = number;
}

/* --- rosters ------------------------------------------------------------------------ */

static struct roster roster, group;

static int begin(void **state)
{
	(void)state;
	roster = group = (struct roster){ .count = 0 };
	fail_allocation(0);

	return 0;
}

static int end(void **state)
{
	(void)state;
	roster_release(&group);
	roster_release(&roster);

	return 0;
}

/* The pids on @which, in their order, as "1 2 3 ". */
static const char *pids_on(const struct roster *which)
{
	static char text[256];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < which->count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d ",
					 which->processes[i]->pid);

	return text;
}

static void new_roster_is_empty(void **state)
{
	(void)state;
	assert_null(roster_find(&roster, 0));
	assert_null(roster_find(&roster, 77));
}

static void processes_are_like_the_model_and_in_order(void **state)
{
	(void)state;
	assert_int_equal(FILL(&roster, 30, 10, 20), 0);

	assert_string_equal(pids_on(&roster), "10 20 30 ");
	for (size_t i = 0; i < roster.count; i++) {
		const struct cuda_process *process = roster.processes[i];

		assert_int_equal(process->found, CUDA_LOCKED);
		assert_int_equal(process->rung, CUDA_CHECKPOINTED);
		assert_true(process->is_expendable);
		assert_true(process->bytes == MEMORY_UNKNOWN);
		assert_null(process->thread);
	}
}

static void process_is_found_by_its_pid(void **state)
{
	static const pid_t others[] = { 0, -1, 9, 11, 25, 31, 77, INT32_MAX, INT32_MIN };

	(void)state;
	assert_int_equal(FILL(&roster, 30, 10, 20), 0);

	for (size_t i = 0; i < roster.count; i++)
		assert_ptr_equal(roster_find(&roster, roster.processes[i]->pid),
				 roster.processes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_null(roster_find(&roster, others[i]));
}

static void filling_with_nobody_leaves_it_empty(void **state)
{
	(void)state;
	assert_int_equal(roster_fill(&roster, &model, NULL, 0), 0);

	assert_int_equal(roster.count, 0);
	assert_null(roster.processes);
}

static void roster_that_cannot_be_filled_is_empty(void **state)
{
	(void)state;
	/* One for the list, and one for each. */
	for (unsigned int i = 1; i <= 4; i++) {
		fail_allocation(i);

		assert_int_equal(FILL(&roster, 30, 10, 20), -ENOMEM);

		assert_int_equal(roster.count, 0);
		assert_null(roster.processes);
		assert_null(roster_find(&roster, 10));
	}
	fail_allocation(5);
	assert_int_equal(FILL(&roster, 30, 10, 20), 0);
}

static void very_many_are_found(void **state)
{
	static pid_t pids[MANY];

	(void)state;
	/* Even ones, each once, in no order. */
	for (size_t i = 0; i < MANY; i++)
		pids[i] = (pid_t)(i * 7919 % MANY) * 2;

	assert_int_equal(roster_fill(&roster, &model, pids, MANY), 0);

	for (pid_t pid = 0; pid < 2 * MANY; pid++) {
		const struct cuda_process *process = roster_find(&roster, pid);

		assert_true(pid % 2 ? !process : process && process->pid == pid);
	}
}

/* --- some are dropped -----------------------------------------------------------------
 */

static bool has_failed(const struct cuda_process *process)
{
	return process->ret != 0;
}

static void those_that_have_to_go_are_dropped_and_the_others_stay(void **state)
{
	static const struct {
		const char *failed; /* '1': it has, in the order of their pids */
		const char *left;
	} cases[] = {
		{ "000", "10 20 30 " }, { "100", "20 30 " }, { "010", "10 30 " },
		{ "001", "10 20 " },	{ "011", "10 " },    { "111", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(FILL(&roster, 30, 10, 20), 0);
		for (size_t j = 0; j < 3; j++)
			roster.processes[j]->ret = cases[i].failed[j] == '1' ? -EIO : 0;

		roster_drop(&roster, has_failed);

		assert_string_equal(pids_on(&roster), cases[i].left);
		assert_int_equal(!roster_find(&roster, 10), cases[i].failed[0] == '1');
		assert_int_equal(!roster_find(&roster, 20), cases[i].failed[1] == '1');
		assert_int_equal(!roster_find(&roster, 30), cases[i].failed[2] == '1');
		end(state);
	}
}

static void dropping_from_an_empty_one_is_harmless(void **state)
{
	(void)state;
	roster_drop(&roster, has_failed);

	assert_int_equal(roster.count, 0);
}

/* --- one takes over another ------------------------------------------------------------
 */

static void group_becomes_a_view_of_what_was_taken_over(void **state)
{
	struct cuda_process *first, *second;

	(void)state;
	assert_int_equal(FILL(&roster, 40, 20), 0);
	assert_int_equal(FILL(&group, 30, 10, 50), 0);
	first = roster_find(&roster, 40);
	second = roster_find(&group, 30);

	assert_int_equal(roster_take_over(&roster, &group), 0);

	/* All are where they were in memory. */
	assert_string_equal(pids_on(&roster), "10 20 30 40 50 ");
	assert_ptr_equal(roster_find(&roster, 40), first);
	assert_ptr_equal(roster_find(&roster, 30), second);
	assert_string_equal(pids_on(&group), "10 30 50 ");
	assert_ptr_equal(roster_find(&group, 30), second);

	roster_release(&group);
	assert_int_equal(roster_find(&roster, 30)->pid, 30);
}

static void view_may_outlive_its_roster_unused(void **state)
{
	(void)state;
	assert_int_equal(FILL(&group, 30, 10), 0);
	assert_int_equal(roster_take_over(&roster, &group), 0);

	roster_release(&roster);
	roster_release(&group);

	assert_int_equal(roster.count + group.count, 0);
}

static void groups_are_taken_over_one_after_the_other(void **state)
{
	(void)state;
	for (pid_t pid = 9; pid > 0; pid--) {
		assert_int_equal(FILL(&group, pid, pid + 10), 0);
		assert_int_equal(roster_take_over(&roster, &group), 0);
		roster_release(&group);
	}

	assert_string_equal(pids_on(&roster),
			    "1 2 3 4 5 6 7 8 9 11 12 13 14 15 16 17 18 19 ");
}

static void groups_of_any_size_come_in_order(void **state)
{
	(void)state;
	assert_int_equal(FILL(&group, 5, 6, 7), 0);
	assert_int_equal(roster_take_over(&roster, &group), 0);
	assert_string_equal(pids_on(&roster), "5 6 7 ");
	roster_release(&group);

	assert_int_equal(FILL(&group, 9, 8), 0);
	assert_int_equal(roster_take_over(&roster, &group), 0);
	assert_string_equal(pids_on(&roster), "5 6 7 8 9 ");
	roster_release(&group);

	assert_int_equal(FILL(&group, 2, 1), 0);
	assert_int_equal(roster_take_over(&roster, &group), 0);
	assert_string_equal(pids_on(&roster), "1 2 5 6 7 8 9 ");
	roster_release(&group);

	assert_int_equal(FILL(&group, 4, 10, 0, 3), 0);
	assert_int_equal(roster_take_over(&roster, &group), 0);
	assert_string_equal(pids_on(&roster), "0 1 2 3 4 5 6 7 8 9 10 ");
}

static void taking_over_an_empty_group_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(roster_take_over(&roster, &group), 0);
	assert_int_equal(roster.count, 0);

	assert_int_equal(FILL(&roster, 1), 0);
	assert_int_equal(roster_take_over(&roster, &group), 0);
	assert_string_equal(pids_on(&roster), "1 ");
}

static void without_memory_nothing_is_taken_over(void **state)
{
	(void)state;
	assert_int_equal(FILL(&roster, 40, 20), 0);
	assert_int_equal(FILL(&group, 30, 10), 0);
	fail_allocation(1);

	assert_int_equal(roster_take_over(&roster, &group), -ENOMEM);

	assert_string_equal(pids_on(&roster), "20 40 ");
	assert_string_equal(pids_on(&group), "10 30 ");
	assert_false(group.is_view);
	assert_int_equal(roster_take_over(&roster, &group), 0);
	assert_string_equal(pids_on(&roster), "10 20 30 40 ");
}

static void released_roster_can_be_filled_again(void **state)
{
	(void)state;
	assert_int_equal(FILL(&group, 1), 0);
	assert_int_equal(roster_take_over(&roster, &group), 0);

	roster_release(&group);
	assert_int_equal(FILL(&group, 2), 0);

	assert_false(group.is_view);
	assert_string_equal(pids_on(&group), "2 ");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(new_roster_is_empty),
		CASE(processes_are_like_the_model_and_in_order),
		CASE(process_is_found_by_its_pid),
		CASE(filling_with_nobody_leaves_it_empty),
		CASE(roster_that_cannot_be_filled_is_empty),
		CASE(very_many_are_found),
		CASE(those_that_have_to_go_are_dropped_and_the_others_stay),
		CASE(dropping_from_an_empty_one_is_harmless),
		CASE(group_becomes_a_view_of_what_was_taken_over),
		CASE(view_may_outlive_its_roster_unused),
		CASE(groups_are_taken_over_one_after_the_other),
		CASE(groups_of_any_size_come_in_order),
		CASE(taking_over_an_empty_group_changes_nothing),
		CASE(without_memory_nothing_is_taken_over),
		CASE(released_roster_can_be_filled_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
