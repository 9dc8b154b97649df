/* SPDX-License-Identifier: GPL-2.0-only */
#include "watch/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void one_look_knows_no_speed(void **state)
{
	struct pace pace = { .is_seen = false };
	uint64_t speed, left;

	(void)state;
	assert_false(pace_speed(&pace, &speed));
	pace_note(&pace, 1, 1000, 5000);
	assert_false(pace_speed(&pace, &speed));
	assert_false(pace_left(&pace, 2000, &left));
}

static void speed_counts_from_the_first_look(void **state)
{
	struct pace pace = { .is_seen = false };
	uint64_t speed, left;

	(void)state;
	pace_note(&pace, 1, 1000, 5000);
	pace_note(&pace, 1, 1100, 6000);
	pace_note(&pace, 1, 2000, 7000);
	assert_true(pace_speed(&pace, &speed));
	assert_int_equal(speed, 500);
	assert_true(pace_left(&pace, 4000, &left));
	assert_int_equal(left, 4);
	assert_true(pace_left(&pace, 4001, &left));
	assert_int_equal(left, 5);
	assert_true(pace_left(&pace, 2000, &left));
	assert_int_equal(left, 0);
	assert_true(pace_left(&pace, 1, &left));
	assert_int_equal(left, 0);
}

static void what_stands_still_is_never_done(void **state)
{
	struct pace pace = { .is_seen = false };
	uint64_t speed, left;

	(void)state;
	pace_note(&pace, 1, 1000, 5000);
	pace_note(&pace, 1, 1000, 9000);
	assert_true(pace_speed(&pace, &speed));
	assert_int_equal(speed, 0);
	assert_false(pace_left(&pace, 4000, &left));
}

static void something_else_or_less_begins_anew(void **state)
{
	struct pace pace = { .is_seen = false };
	uint64_t speed;

	(void)state;
	pace_note(&pace, 1, 0, 0);
	pace_note(&pace, 1, 5000, 1000);
	pace_note(&pace, 2, 9000, 2000);
	assert_false(pace_speed(&pace, &speed));
	pace_note(&pace, 2, 9100, 3000);
	assert_true(pace_speed(&pace, &speed));
	assert_int_equal(speed, 100);
	pace_note(&pace, 2, 50, 4000);
	assert_false(pace_speed(&pace, &speed));
}

static void terabytes_do_not_overflow(void **state)
{
	struct pace pace = { .is_seen = false };
	uint64_t speed;

	(void)state;
	pace_note(&pace, 1, 0, 0);
	pace_note(&pace, 1, UINT64_C(1) << 60, 1024 * 1000);
	assert_true(pace_speed(&pace, &speed));
	assert_true(speed == UINT64_C(1) << 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_look_knows_no_speed),
		cmocka_unit_test(speed_counts_from_the_first_look),
		cmocka_unit_test(what_stands_still_is_never_done),
		cmocka_unit_test(something_else_or_less_begins_anew),
		cmocka_unit_test(terabytes_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
