/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The caller's watch: asked while a program runs, and able to give it up.
 */
#include "spawn.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "clock.h"
#include "spawn_world.h"

#define NEVER 0

/* Gives up at the look with this number. */
struct counter {
	unsigned int looks;
	unsigned int gives_up_at;
	int says;
};

static int count(void *subject)
{
	struct counter *counter = subject;

	return ++counter->looks == counter->gives_up_at ? counter->says : 0;
}

/* As spawn_run(); how long it took is added to @took. */
static int watch_script(const char *script, unsigned int timeout_ms,
			struct counter *counter, int64_t *took)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	const struct spawn_watch watch = { .look = count, .subject = counter };
	struct spawn_result result = { .status = -77 };
	const int64_t start = clock_ms();
	int ret;

	ret = spawn_run(argv, timeout_ms, &watch, &result);
	*took = clock_ms() - start;
	assert_int_equal(result.status == -77, ret != 0);
	assert_same_world(&before);

	return ret;
}

static void watch_is_asked_at_its_pace_until_the_program_ends(void **state)
{
	struct counter counter = { .gives_up_at = NEVER };
	int64_t took;

	(void)state;
	assert_int_equal(watch_script("sleep 0.5", 0, &counter, &took), 0);

	assert_true(counter.looks >= 5);
	assert_true(counter.looks <= took / SPAWN_WATCH_MS);
	assert_no_child();
}

static void watch_is_asked_while_the_program_prints_without_end(void **state)
{
	struct counter counter = { .gives_up_at = 3, .says = -ESRCH };
	int64_t took;

	(void)state;
	assert_int_equal(watch_script("exec yes", 0, &counter, &took), -ESRCH);

	assert_int_equal(counter.looks, 3);
	assert_no_child();
}

static void watch_makes_a_short_run_no_longer(void **state)
{
	int64_t took, least = INT64_MAX;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct counter counter = { .gives_up_at = NEVER };

		assert_int_equal(watch_script("exit 0", 0, &counter, &took), 0);
		assert_true(counter.looks <= took / SPAWN_WATCH_MS);
		least = took < least ? took : least;
	}

	assert_true(least < SPAWN_WATCH_MS);
}

static void program_that_is_given_up_is_killed_after_the_grace(void **state)
{
	struct counter counter = { .gives_up_at = 1, .says = -EDOM };
	int64_t took;

	(void)state;
	assert_int_equal(watch_script("trap '' TERM INT HUP; while :; do :; done", 0,
				      &counter, &took),
			 -EDOM);

	assert_int_equal(counter.looks, 1);
	assert_true(took >= SPAWN_GRACE_MS);
	assert_true(took < SPAWN_GRACE_MS + SLACK_MS);
	assert_no_child();
}

static void program_that_is_given_up_may_end_by_itself(void **state)
{
	struct counter counter = { .gives_up_at = 1, .says = -ESRCH };
	int64_t took;

	(void)state;
	assert_int_equal(watch_script("sleep 0.2; exit 0", 0, &counter, &took), -ESRCH);

	assert_int_equal(counter.looks, 1);
	assert_true(took >= 200);
	assert_true(took < SPAWN_GRACE_MS);
	assert_no_child();
}

static void grace_does_not_go_beyond_the_deadline(void **state)
{
	struct counter counter = { .gives_up_at = 1, .says = -ESRCH };
	int64_t took;

	(void)state;
	assert_int_equal(watch_script("exec sleep 60", 200, &counter, &took), -ESRCH);

	assert_true(took >= 200);
	assert_true(took < SPAWN_GRACE_MS);
	assert_no_child();
}

static void watch_does_not_move_the_deadline(void **state)
{
	struct counter counter = { .gives_up_at = NEVER };
	int64_t took;

	(void)state;
	assert_int_equal(watch_script("exec sleep 60", 210, &counter, &took), -ETIMEDOUT);

	assert_true(took >= 210);
	assert_true(took < 210 + SLACK_MS);
	assert_true(counter.looks > 0);
	assert_no_child();
}

static void what_a_script_that_is_given_up_runs_is_killed_with_it(void **state)
{
	struct counter counter = { .gives_up_at = 2, .says = -ESRCH };
	int64_t start, took;

	(void)state;
	adopt_orphans();

	assert_int_equal(watch_script("sleep 60; exit 0", 0, &counter, &took), -ESRCH);

	start = clock_ms();
	reap_all();
	assert_true(clock_ms() - start < SLACK_MS);
}

/* The child goes on, with nobody to read what it prints, and is the caller's to reap. */
static void program_that_is_left_goes_on(void **state)
{
	struct counter counter = { .gives_up_at = 2, .says = SPAWN_LEAVE };
	int64_t took;
	int status;

	(void)state;
	assert_int_equal(watch_script("sleep 0.5; exit 7", 300, &counter, &took),
			 SPAWN_LEAVE);

	assert_int_equal(counter.looks, 2);
	assert_true(took < 300);
	assert_int_equal(waitpid(-1, &status, WNOHANG), 0);
	assert_true(waitpid(-1, &status, 0) > 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_no_child();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, note_world, put_back_signals)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(watch_is_asked_at_its_pace_until_the_program_ends),
		CASE(watch_is_asked_while_the_program_prints_without_end),
		CASE(watch_makes_a_short_run_no_longer),
		CASE(program_that_is_given_up_is_killed_after_the_grace),
		CASE(program_that_is_given_up_may_end_by_itself),
		CASE(grace_does_not_go_beyond_the_deadline),
		CASE(watch_does_not_move_the_deadline),
		CASE(program_that_is_left_goes_on),
		CASE(what_a_script_that_is_given_up_runs_is_killed_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
