/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program that does not end in time is ended, and what it runs with it.
 */
#include "spawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "spawn_world.h"

static void program_is_killed_and_reaped_at_the_deadline(void **state)
{
	(void)state;
	assert_times_out("exec sleep 60");
	assert_no_child();
	assert_times_out("trap '' TERM INT HUP; while :; do :; done");
	assert_no_child();
	assert_times_out("exec >&- 2>&-; exec sleep 60");
	assert_no_child();
}

static void stopped_program_is_killed_at_the_deadline(void **state)
{
	(void)state;
	assert_times_out("kill -STOP $$");
	assert_no_child();
}

static void program_that_prints_without_end_is_killed_at_the_deadline(void **state)
{
	(void)state;
	assert_times_out("exec yes");
	assert_no_child();
	assert_times_out("exec cat /dev/zero >&2");
	assert_no_child();
}

static void what_a_script_runs_is_killed_with_it(void **state)
{
	int64_t start;

	(void)state;
	adopt_orphans();

	assert_times_out("sleep 60; exit 0");

	/* It comes to us, unless the script could still reap it. */
	start = clock_ms();
	reap_all();
	assert_true(clock_ms() - start < SLACK_MS);
}

static void deadline_that_is_not_reached_changes_nothing(void **state)
{
	struct spawn_result result;

	(void)state;
	assert_int_equal(run_script("sleep 0.1; exit 9", UINT32_MAX, &result), 0);

	assert_int_equal(result.status, 9);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, note_world, put_back_signals)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(program_is_killed_and_reaped_at_the_deadline),
		CASE(stopped_program_is_killed_at_the_deadline),
		CASE(program_that_prints_without_end_is_killed_at_the_deadline),
		CASE(what_a_script_runs_is_killed_with_it),
		CASE(deadline_that_is_not_reached_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
