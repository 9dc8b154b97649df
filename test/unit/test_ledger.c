/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ledger: what one process writes, another reads.
 */
#include "ledger.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>

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

	return ledger_owe(ledger, &debt);
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

#define over_a_ledger(claim) \
	cmocka_unit_test_setup_teardown(claim, open_ledger, close_ledger)

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		over_a_ledger(new_ledger_is_empty),
		over_a_ledger(debt_is_seen_by_another_process),
		over_a_ledger(payment_closes_only_its_debt),
		over_a_ledger(freezing_is_seen_of_its_debt_alone),
		over_a_ledger(full_ledger_refuses),
		cmocka_unit_test(closing_none_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
