/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: what one process writes, another reads.
 */
#include "ledger.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

static struct ledger *ledger;

static int open_ledger(void **state)
{
	(void)state;
	return ledger_open(&ledger);
}

static int close_ledger(void **state)
{
	(void)state;
	ledger_close(ledger);
	return 0;
}

static int owe(pid_t pid, uint64_t start, enum cuda_state found)
{
	const struct debt debt = { .pid = pid, .start = start, .found = found };
	struct debt *noted;

	return ledger_owe(ledger, &debt, &noted);
}

static void new_ledger_is_empty(void **state)
{
	(void)state;

	assert_int_equal(atomic_load(&ledger->count), 0);
}

static void debt_is_seen_by_another_process(void **state)
{
	pid_t other;
	int status;

	(void)state;

	other = fork();
	if (other == 0)
		_exit(owe(42, 1234, CUDA_LOCKED) ? 1 : 0);
	assert_int_equal(waitpid(other, &status, 0), other);

	assert_int_equal(status, 0);
	assert_int_equal(atomic_load(&ledger->count), 1);
	assert_int_equal(ledger->debts[0].pid, 42);
	assert_int_equal(ledger->debts[0].start, 1234);
	assert_int_equal(ledger->debts[0].found, CUDA_LOCKED);
	assert_true(atomic_load(&ledger->debts[0].is_open));
}

static void payment_closes_only_its_debt(void **state)
{
	(void)state;
	assert_int_equal(owe(1, 10, CUDA_RUNNING), 0);
	assert_int_equal(owe(2, 20, CUDA_RUNNING), 0);

	ledger_pay(ledger, 1);
	ledger_pay(ledger, 3);

	assert_false(atomic_load(&ledger->debts[0].is_open));
	assert_true(atomic_load(&ledger->debts[1].is_open));
}

static void full_ledger_refuses(void **state)
{
	(void)state;
	for (pid_t pid = 1; pid <= LEDGER_DEBTS_MAX; pid++)
		assert_int_equal(owe(pid, 0, CUDA_RUNNING), 0);

	assert_int_equal(owe(7, 0, CUDA_RUNNING), -ENOSPC);

	assert_int_equal(atomic_load(&ledger->count), LEDGER_DEBTS_MAX);
}

static void closing_none_is_harmless(void **state)
{
	(void)state;

	ledger_close(NULL);
}

static void freezing_is_seen_of_its_debt_alone(void **state)
{
	(void)state;
	assert_int_equal(owe(1, 10, CUDA_RUNNING), 0);
	assert_int_equal(owe(2, 20, CUDA_RUNNING), 0);

	ledger_freeze(ledger, 2);
	ledger_freeze(ledger, 3);

	assert_false(atomic_load(&ledger->debts[0].is_frozen));
	assert_true(atomic_load(&ledger->debts[1].is_frozen));
}

/* --- the debt to a pid is found, wherever it is ------------------------------------- */

static void owe_to_first(pid_t count)
{
	for (pid_t pid = 1; pid <= count; pid++)
		assert_int_equal(owe(pid, 0, CUDA_RUNNING), 0);
}

/* Those of the debts to 1, 2... that are open and not frozen, as "13". */
static const char *untouched(void)
{
	static char digits[16];
	size_t used = 0;

	for (size_t i = 0; i < atomic_load(&ledger->count); i++)
		if (atomic_load(&ledger->debts[i].is_open) &&
		    !atomic_load(&ledger->debts[i].is_frozen))
			digits[used++] = (char)('0' + ledger->debts[i].pid);
	digits[used] = '\0';

	return digits;
}

static void nothing_is_found_in_an_empty_ledger(void **state)
{
	(void)state;

	ledger_pay(ledger, 0);
	ledger_freeze(ledger, 1);

	assert_int_equal(atomic_load(&ledger->count), 0);
	assert_false(atomic_load(&ledger->debts[0].is_frozen));
}

static const struct {
	pid_t paid[4];
	const char *left;
} orders[] = {
	{ { 1, 2, 3 }, "4" },				 /* as they came */
	{ { 4, 3, 2 }, "1" },	   { { 3, 4, 1 }, "2" }, /* around the end */
	{ { 4, 1, 2, 3 }, "" },	   { { 2, 1, 4, 3 }, "" },   { { 2, 2, 2, 2 }, "134" },
	{ { 4, 4, 1, 1 }, "23" },  { { 3, 9, 2, 9 }, "14" }, /* 9 is owed nothing */
	{ { 9, -1, 4, 1 }, "23" },
};

static void debts_are_paid_in_any_order(void **state)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		assert_int_equal(open_ledger(state), 0);
		owe_to_first(4);

		for (size_t j = 0; j < 4; j++)
			ledger_pay(ledger, orders[i].paid[j]);

		if (strcmp(untouched(), orders[i].left) != 0)
			fail_msg("order %zu: \"%s\" left", i, untouched());
		close_ledger(state);
	}
}

static void debts_are_frozen_in_any_order(void **state)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		assert_int_equal(open_ledger(state), 0);
		owe_to_first(4);

		for (size_t j = 0; j < 4; j++)
			ledger_freeze(ledger, orders[i].paid[j]);

		if (strcmp(untouched(), orders[i].left) != 0)
			fail_msg("order %zu: \"%s\" left", i, untouched());
		close_ledger(state);
	}
}

static void debt_that_came_after_the_last_was_found_is_found(void **state)
{
	(void)state;
	owe_to_first(2);
	ledger_pay(ledger, 2);
	assert_int_equal(owe(3, 0, CUDA_RUNNING), 0);
	assert_int_equal(owe(4, 0, CUDA_RUNNING), 0);

	ledger_pay(ledger, 4);
	assert_string_equal(untouched(), "13");
	ledger_freeze(ledger, 3);
	ledger_pay(ledger, 1);
	assert_string_equal(untouched(), "");
}

static void last_debt_of_a_full_ledger_is_found_and_the_first_after_it(void **state)
{
	(void)state;
	owe_to_first(LEDGER_DEBTS_MAX);

	ledger_pay(ledger, LEDGER_DEBTS_MAX);
	ledger_pay(ledger, 1);

	assert_false(atomic_load(&ledger->debts[LEDGER_DEBTS_MAX - 1].is_open));
	assert_false(atomic_load(&ledger->debts[0].is_open));
	assert_true(atomic_load(&ledger->debts[1].is_open));
}

/* --- and fast, if they are paid in the order in which they came -----------------------
 */

#define ROUNDS 20

/* Of this process, whatever else the machine is at. */
static double busy_us(void)
{
	struct timespec busy;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &busy);
	return (double)busy.tv_sec * 1e6 + (double)busy.tv_nsec / 1e3;
}

/* Microseconds to freeze and pay @count debts, in the least of some rounds. */
static double time_to_freeze_and_pay(pid_t count)
{
	double least = 0;

	assert_int_equal(ledger_open(&ledger), 0);
	owe_to_first(count);
	for (int i = 0; i < ROUNDS; i++) {
		const double began = busy_us();
		double us;

		for (pid_t pid = 1; pid <= count; pid++)
			ledger_freeze(ledger, pid);
		for (pid_t pid = 1; pid <= count; pid++)
			ledger_pay(ledger, pid);
		us = busy_us() - began;
		least = i == 0 || us < least ? us : least;
	}
	ledger_close(ledger);
	print_message("%d debts frozen and paid in %.0f us\n", count, least);

	return least;
}

/* Each looked for from the beginning, it would be 100 times. */
static void ten_times_the_debts_take_some_ten_times_as_long(void **state)
{
	const double few = time_to_freeze_and_pay(1000);
	const double many = time_to_freeze_and_pay(10000);

	(void)state;
	assert_true(many < 40 * few);
}

#define over_a_ledger(claim) \
	cmocka_unit_test_setup_teardown(claim, open_ledger, close_ledger)

int main(void)
{
	const struct CMUnitTest tests[] = {
		over_a_ledger(new_ledger_is_empty),
		over_a_ledger(debt_is_seen_by_another_process),
		over_a_ledger(payment_closes_only_its_debt),
		over_a_ledger(freezing_is_seen_of_its_debt_alone),
		over_a_ledger(full_ledger_refuses),
		cmocka_unit_test(closing_none_is_harmless),
		over_a_ledger(nothing_is_found_in_an_empty_ledger),
		cmocka_unit_test(debts_are_paid_in_any_order),
		cmocka_unit_test(debts_are_frozen_in_any_order),
		over_a_ledger(debt_that_came_after_the_last_was_found_is_found),
		over_a_ledger(last_debt_of_a_full_ledger_is_found_and_the_first_after_it),
		cmocka_unit_test(ten_times_the_debts_take_some_ten_times_as_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
