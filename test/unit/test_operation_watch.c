/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The caller's watches: asked while a process is at work, and able to give it up. By
 * real runs of scripts.
 */
#include "operation.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "clock.h"
#include "operation_world.h"

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

static void watch(size_t i, struct counter *counter)
{
	targets[i].watch = (struct operation_watch){ count, counter };
}

/* Act on one target; how long it took is *@ret_took. Return: what came of it. */
static int watch_script(const char *script, unsigned int timeout_ms,
			struct counter *counter, int64_t *ret_took)
{
	const struct operation operation = { .timeout_ms = timeout_ms };
	const int64_t start = clock_ms();

	watch(0, counter);
	assert_int_equal(operate(script, operation, 1), 1);
	*ret_took = clock_ms() - start;

	return targets[0].ret;
}

/* --- a run for one ------------------------------------------------------------------ */

static void watch_is_asked_at_its_pace_until_the_process_is_done(void **state)
{
	struct counter counter = { .gives_up_at = NEVER };
	int64_t took;

	(void)state;
	assert_int_equal(watch_script("sleep 0.5", 0, &counter, &took), 0);

	assert_true(counter.looks >= 5);
	assert_true(counter.looks <= took / OPERATION_WATCH_MS);
	assert_no_child();
}

/* As when a thread of the process has stopped. */
static void watch_is_asked_at_once_when_a_sigchld_comes(void **state)
{
	struct counter counter = { .gives_up_at = NEVER };
	int64_t took;

	(void)state;
	assert_int_equal(watch_script("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do "
				      "kill -CHLD $PPID; sleep 0.004; done",
				      0, &counter, &took),
			 0);

	/* At its pace there would be half as many, but on a machine that is slow. */
	assert_true(counter.looks >= 12);
	assert_no_child();
}

static atomic_int handled;

static void count_sigchld(int signo)
{
	(void)signo;
	handled++;
}

static void sigchld_that_was_taken_comes_to_the_caller_all_the_same(void **state)
{
	struct counter counter = { .gives_up_at = NEVER };
	const struct world with = before;
	int64_t took;

	(void)state;
	set_sigchld(count_sigchld, SA_NOCLDSTOP);
	before = look();
	handled = 0;

	assert_int_equal(watch_script("kill -CHLD $PPID; sleep 0.1", 0, &counter, &took),
			 0);

	assert_int_equal(handled, 1);
	before = with;
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
		assert_true(counter.looks <= took / OPERATION_WATCH_MS);
		least = took < least ? took : least;
	}

	assert_true(least < OPERATION_WATCH_MS);
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
	assert_true(targets[0].is_cut);
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
static void process_that_is_left_is_at_work_still(void **state)
{
	struct counter counter = { .gives_up_at = 2, .says = OPERATION_LEAVE };
	int64_t took;
	int status;

	(void)state;
	assert_int_equal(watch_script("sleep 0.5; exit 7", 300, &counter, &took),
			 OPERATION_LEAVE);

	assert_int_equal(counter.looks, 2);
	assert_true(took < 300);
	assert_false(targets[0].is_cut);
	assert_int_equal(waitpid(-1, &status, WNOHANG), 0);
	assert_true(waitpid(-1, &status, 0) > 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_no_child();
}

/* --- several ------------------------------------------------------------------------ */

static void process_that_is_given_up_does_not_disturb_the_others(void **state)
{
	struct counter dead = { .gives_up_at = 2, .says = -ESRCH };
	struct counter living[2] = { { .gives_up_at = NEVER }, { .gives_up_at = NEVER } };

	(void)state;
	watch(0, &living[0]);
	watch(1, &dead);
	watch(2, &living[1]);

	assert_int_equal(act_by("[ $2 != 1002 ] || exec sleep 60; sleep 0.3", 3), 3);

	assert_outcome(0, 0, "");
	assert_int_equal(targets[1].ret, -ESRCH);
	assert_outcome(2, 0, "");
	assert_int_equal(dead.looks, 2);
	assert_true(living[0].looks > 2);
	assert_true(living[1].looks > 2);
	assert_no_child();
}

static void next_begins_in_the_place_of_one_that_is_given_up(void **state)
{
	struct counter dead = { .gives_up_at = 1, .says = -ESRCH };

	(void)state;
	watch(0, &dead);

	assert_int_equal(operate("[ $2 != 1001 ] || exec sleep 60; exit 0",
				 (struct operation){ .at_once = 1 }, 2),
			 2);

	assert_int_equal(targets[0].ret, -ESRCH);
	assert_outcome(1, 0, "");
}

static void one_that_is_not_yet_at_work_or_is_done_is_not_watched(void **state)
{
	struct counter counters[2] = { { .gives_up_at = NEVER },
				       { .gives_up_at = NEVER } };

	(void)state;
	watch(0, &counters[0]);
	watch(1, &counters[1]);

	assert_int_equal(operate("sleep 0.2", (struct operation){ .at_once = 1 }, 2), 2);

	for (size_t i = 0; i < 2; i++) {
		assert_true(counters[i].looks > 0);
		assert_true(counters[i].looks <=
			    targets[i].took_ms / OPERATION_WATCH_MS + 1);
	}
}

/* --- several in a run ----------------------------------------------------------------
 */

static const struct operation several = { .takes_several = true };

static void run_goes_on_for_those_that_are_not_given_up(void **state)
{
	struct counter dead = { .gives_up_at = 1, .says = -ESRCH };
	struct counter living = { .gives_up_at = NEVER };

	(void)state;
	watch(0, &dead);
	watch(1, &living);

	/* Longer than the grace: that begins when nobody is left. */
	assert_int_equal(operate("sleep 1.5; echo 1002 ok 5; exec sleep 60", several, 2),
			 1);

	assert_int_equal(targets[0].ret, -ESRCH);
	assert_int_equal(dead.looks, 1);
	assert_outcome(1, 0, "ok 5");
	assert_true(targets[0].took_ms >= 1500 + SPAWN_GRACE_MS);
	assert_no_child();
}

static void run_in_which_all_are_given_up_is_ended(void **state)
{
	struct counter dead[2] = { { .gives_up_at = 1, .says = -ESRCH },
				   { .gives_up_at = 3, .says = -ECANCELED } };

	(void)state;
	watch(0, &dead[0]);
	watch(1, &dead[1]);

	assert_int_equal(operate("exec sleep 60", several, 2), 1);

	assert_int_equal(targets[0].ret, -ESRCH);
	assert_int_equal(targets[1].ret, -ECANCELED);
	assert_int_equal(dead[1].looks, 3);
	assert_true(targets[0].took_ms < SPAWN_GRACE_MS + SLACK_MS);
	assert_no_child();
}

static void one_whose_line_has_come_is_not_watched(void **state)
{
	struct counter done = { .gives_up_at = NEVER }, other = { .gives_up_at = NEVER };

	(void)state;
	watch(0, &done);
	watch(1, &other);

	operate("echo 1001 ok 1; sleep 0.5; echo 1002 ok 1", several, 2);

	assert_true(done.looks <= targets[0].took_ms / OPERATION_WATCH_MS + 1);
	assert_true(other.looks > done.looks);
}

/* The watch has said it, and logged it. */
static void one_that_was_given_up_stays_so_whatever_comes(void **state)
{
	struct counter dead = { .gives_up_at = 1, .says = -ESRCH };

	(void)state;
	watch(0, &dead);

	operate("sleep 0.3; echo '1001 error 0 \"the process has ended\"'; "
		"sleep 0.1; echo 1002 ok 1",
		several, 2);

	assert_int_equal(targets[0].ret, -ESRCH);
	assert_outcome(1, 0, "ok 1");
	assert_no_child();
}

static void run_is_left_when_the_others_are_done(void **state)
{
	struct counter left = { .gives_up_at = 1, .says = OPERATION_LEAVE };
	int status;

	(void)state;
	watch(1, &left);

	assert_int_equal(operate("sleep 0.3; echo 1001 ok 5; echo 1003 ok 6; sleep 1; "
				 "exit 7",
				 several, 3),
			 1);

	assert_outcome(0, 0, "ok 5");
	assert_int_equal(targets[1].ret, OPERATION_LEAVE);
	assert_outcome(2, 0, "ok 6");
	assert_int_equal(left.looks, 1);
	assert_int_equal(waitpid(-1, &status, WNOHANG), 0);
	assert_true(waitpid(-1, &status, 0) > 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_no_child();
}

static void run_is_left_though_others_were_given_up_otherwise(void **state)
{
	struct counter left = { .gives_up_at = 1, .says = OPERATION_LEAVE };
	struct counter dead = { .gives_up_at = 2, .says = -ESRCH };

	(void)state;
	watch(0, &dead);
	watch(1, &left);

	assert_int_equal(operate("sleep 1; exit 7", several, 2), 1);

	assert_int_equal(targets[0].ret, -ESRCH);
	assert_int_equal(targets[1].ret, OPERATION_LEAVE);
	assert_true(targets[0].took_ms < 1000);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
	reap_all();
}

static void deadline_holds_beside_one_that_is_left(void **state)
{
	const struct operation limited = { .takes_several = true, .timeout_ms = 300 };
	struct counter left = { .gives_up_at = 1, .says = OPERATION_LEAVE };

	(void)state;
	watch(0, &left);

	assert_int_equal(operate("exec sleep 60", limited, 2), 1);

	assert_int_equal(targets[0].ret, OPERATION_LEAVE);
	assert_outcome(1, -ETIMEDOUT, "no answer in 300 ms");
	assert_true(targets[1].is_cut);
	assert_no_child();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin_operation, end_operation)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(watch_is_asked_at_once_when_a_sigchld_comes),
		CASE(sigchld_that_was_taken_comes_to_the_caller_all_the_same),
		CASE(watch_is_asked_at_its_pace_until_the_process_is_done),
		CASE(watch_is_asked_while_the_program_prints_without_end),
		CASE(watch_makes_a_short_run_no_longer),
		CASE(program_that_is_given_up_is_killed_after_the_grace),
		CASE(program_that_is_given_up_may_end_by_itself),
		CASE(grace_does_not_go_beyond_the_deadline),
		CASE(watch_does_not_move_the_deadline),
		CASE(process_that_is_left_is_at_work_still),
		CASE(what_a_script_that_is_given_up_runs_is_killed_with_it),
		CASE(process_that_is_given_up_does_not_disturb_the_others),
		CASE(next_begins_in_the_place_of_one_that_is_given_up),
		CASE(one_that_is_not_yet_at_work_or_is_done_is_not_watched),
		CASE(run_goes_on_for_those_that_are_not_given_up),
		CASE(run_in_which_all_are_given_up_is_ended),
		CASE(one_whose_line_has_come_is_not_watched),
		CASE(one_that_was_given_up_stays_so_whatever_comes),
		CASE(run_is_left_when_the_others_are_done),
		CASE(run_is_left_though_others_were_given_up_otherwise),
		CASE(deadline_holds_beside_one_that_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
