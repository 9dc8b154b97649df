/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is at work when: runs for one process or for several, how many at once, and in
 * what order. By real runs of scripts.
 */
#include "operation.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "clock.h"
#include "operation_world.h"

/* Scripts that keep a diary. */
#define ONE(work)     "echo + $2 >>$DIARY; " work "; echo - $2 >>$DIARY"
#define SEVERAL(work) "each() { echo + $1 >>$DIARY; " work "; }; " FOR_EACH
#define DONE	      "echo - $1 >>$DIARY; echo $1 ok 1"

/* Not done before so many have begun. */
#define UNTIL_BEGUN(count) \
	"while [ $(grep -c + $DIARY) -lt " count " ]; do sleep 0.02; done"

/* --- what is run -------------------------------------------------------------------- */

static void each_process_has_a_run_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(ask_by("echo \"$*\" | tr ' ' ,", 3), 3);

	assert_outcome(0, 0, "--pid,1001");
	assert_outcome(1, 0, "--pid,1002");
	assert_outcome(2, 0, "--pid,1003");
	for (size_t i = 0; i < 3; i++) {
		assert_false(targets[i].is_cut);
		assert_false(targets[i].is_in_doubt);
	}
	assert_no_child();
}

static void several_are_named_in_one_run_if_it_takes_them(void **state)
{
	const struct operation several = { .is_question = true, .takes_several = true };
	const char *script =
		"said=$(echo \"$*\" | tr ' ' ,); each() { echo $1 $said; }; " FOR_EACH;

	(void)state;
	assert_int_equal(operate(script, several, 3), 1);

	for (size_t i = 0; i < 3; i++)
		assert_outcome(i, 0, "--pid,1001,--pid,1002,--pid,1003");
	assert_no_child();
}

/* As the utility does: with one pid the answer has no pid in it. */
static void one_alone_is_asked_the_simple_way_by_whoever_takes_several(void **state)
{
	const struct operation several = { .is_question = true, .takes_several = true };

	(void)state;
	assert_int_equal(operate("echo \"$*\" | tr ' ' ,", several, 1), 1);

	assert_outcome(0, 0, "--pid,1001");
}

static void settings_come_after_the_pids(void **state)
{
	const char *settings[] = { "--timeout", "5", NULL };
	const struct operation operation = { .settings = settings, .is_question = true };

	(void)state;
	assert_int_equal(operate("echo \"$*\" | tr ' ' ,", operation, 2), 2);

	assert_outcome(0, 0, "--pid,1001,--timeout,5");
	assert_outcome(1, 0, "--pid,1002,--timeout,5");
}

static void nobody_is_done_in_no_run(void **state)
{
	(void)state;
	assert_int_equal(ask_by("echo x", 0), 0);

	assert_no_child();
}

static void action_is_done_in_silence(void **state)
{
	(void)state;
	assert_int_equal(act_by("exit 0", 2), 2);

	assert_outcome(0, 0, "");
	assert_outcome(1, 0, "");
	assert_false(targets[0].is_in_doubt);
}

static void time_that_each_took_is_known(void **state)
{
	const int64_t begin = clock_ms();

	(void)state;
	assert_int_equal(act_by("[ $2 = 1001 ] || sleep 1", 2), 2);

	assert_true(targets[0].began_ms >= begin);
	assert_true(targets[1].began_ms >= begin);
	assert_true(targets[1].took_ms >= 1000);
	assert_true(targets[0].took_ms < targets[1].took_ms);
	assert_true(targets[1].took_ms <= clock_ms() - begin);
}

/* --- how many at once --------------------------------------------------------------- */

static void all_are_at_work_at_once_without_a_limit(void **state)
{
	char *diary autofree = NULL;

	(void)state;
	assert_int_equal(act_by(ONE(UNTIL_BEGUN("6")), 6), 6);

	diary = read_diary();
	assert_int_equal(most_at_work(diary, NULL), 6);
}

static void no_more_than_allowed_are_at_work(void **state)
{
	(void)state;
	for (size_t at_once = 1; at_once <= 3; at_once++) {
		char number[] = { (char)('0' + at_once), '\0' };
		char *diary autofree = NULL;

		end_operation(NULL);
		begin_operation(NULL);
		setenv("AT_ONCE", number, 1);

		assert_int_equal(operate(ONE(UNTIL_BEGUN("$AT_ONCE") "; sleep 0.05"),
					 (struct operation){ .at_once = at_once }, 8),
				 8);

		for (size_t i = 0; i < 8; i++)
			assert_outcome(i, 0, "");
		diary = read_diary();
		assert_int_equal(most_at_work(diary, NULL), at_once);
	}
}

static void next_begins_when_one_is_done(void **state)
{
	char *diary autofree = NULL;

	(void)state;
	assert_int_equal(
		operate(ONE("while [ $2 = 1001 ] && ! grep -q '+ 1005' $DIARY; do "
			    "sleep 0.02; done"),
			(struct operation){ .at_once = 2 }, 5),
		5);

	diary = read_diary();
	assert_true(is_before(diary, "+ 1005", "- 1001"));
	assert_true(is_before(diary, "- 1003", "+ 1004"));
	assert_int_equal(most_at_work(diary, NULL), 2);
}

static void no_more_than_allowed_are_at_work_in_runs_for_several(void **state)
{
	const struct operation several = { .takes_several = true, .at_once = 3 };
	char *diary autofree = NULL;

	(void)state;
	assert_true(
		operate("if [ $# = 2 ]; then " ONE("sleep 0.05") "; exit; fi; " SEVERAL(
				UNTIL_BEGUN("3") "; sleep 0.05; " DONE),
			several, 10) >= 4);

	for (size_t i = 0; i < 10; i++)
		assert_int_equal(targets[i].ret, 0);
	diary = read_diary();
	assert_int_equal(most_at_work(diary, NULL), 3);
}

/* A run that has an answer to come does not keep the next from beginning. */
static void next_begins_when_one_of_a_run_is_done(void **state)
{
	const struct operation several = { .takes_several = true, .at_once = 2 };
	char *diary autofree = NULL;

	(void)state;
	assert_int_equal(
		operate("if [ $# = 2 ]; then " ONE("true") "; exit; fi; " SEVERAL(
				"while [ $1 = 1001 ] && ! grep -q '+ 1004' "
				"$DIARY; do sleep 0.02; done; " DONE),
			several, 4),
		3);

	diary = read_diary();
	assert_true(is_before(diary, "+ 1004", "- 1001"));
	assert_int_equal(most_at_work(diary, NULL), 2);
	assert_outcome(0, 0, "ok 1");
	assert_outcome(3, 0, "");
}

/* --- those that go alone ------------------------------------------------------------ */

static bool goes_alone(pid_t pid)
{
	return pid % 2 == 0;
}

static bool goes_with_others(pid_t pid)
{
	return !goes_alone(pid);
}

static void some_go_alone(size_t count)
{
	for (size_t i = 0; i < count; i++)
		targets[i].goes_alone = goes_alone(targets[i].pid);
}

static void those_that_go_alone_are_not_beside_each_other(void **state)
{
	char *diary autofree = NULL;

	(void)state;
	some_go_alone(8);

	assert_int_equal(act_by(ONE(UNTIL_BEGUN("5") "; sleep 0.05"), 8), 8);

	diary = read_diary();
	assert_int_equal(most_at_work(diary, goes_alone), 1);
	assert_int_equal(most_at_work(diary, goes_with_others), 4);
	assert_int_equal(most_at_work(diary, NULL), 5);
}

static void those_that_go_alone_share_no_run(void **state)
{
	const struct operation several = { .takes_several = true };
	char *diary autofree = NULL;

	(void)state;
	some_go_alone(8);

	/* All that may go together in one; the others one by one. */
	assert_int_equal(
		operate("if [ $# = 2 ]; then " ONE("sleep 0.05") "; exit; fi; " SEVERAL(
				UNTIL_BEGUN("5") "; sleep 0.05; " DONE),
			several, 8),
		5);

	for (size_t i = 0; i < 8; i++)
		assert_int_equal(targets[i].ret, 0);
	diary = read_diary();
	assert_int_equal(most_at_work(diary, goes_alone), 1);
	assert_int_equal(most_at_work(diary, NULL), 5);
}

/* They take longest together: they are not left for the end. */
static void those_that_go_alone_go_first(void **state)
{
	char *diary autofree = NULL;

	(void)state;
	some_go_alone(6);

	assert_int_equal(operate(ONE("sleep 0.1"), (struct operation){ .at_once = 1 }, 6),
			 6);

	diary = read_diary();
	assert_int_equal(most_at_work(diary, NULL), 1);
	assert_true(is_before(diary, "- 1002", "+ 1001"));
	assert_true(is_before(diary, "- 1006", "+ 1001"));
}

static void one_that_goes_alone_and_hangs_does_not_hold_back_the_others(void **state)
{
	char *diary autofree = NULL;

	(void)state;
	some_go_alone(6);

	assert_int_equal(
		operate(ONE("while [ $2 = 1002 ] && ! grep -q -- '- 1005' $DIARY; do "
			    "sleep 0.02; done"),
			(struct operation){ .at_once = 2 }, 6),
		6);

	diary = read_diary();
	assert_true(is_before(diary, "- 1005", "- 1002"));
	assert_true(is_before(diary, "- 1002", "+ 1004"));
}

/* --- many --------------------------------------------------------------------------- */

static void two_hundred_are_done_by_a_run_each(void **state)
{
	char *diary autofree = NULL;

	(void)state;
	assert_int_equal(ask_by(ONE("echo p$2"), 200), 200);

	for (size_t i = 0; i < 200; i++) {
		assert_int_equal(targets[i].ret, 0);
		assert_int_equal(strtol(targets[i].text + 1, NULL, 10), PID_OF(i));
	}
	diary = read_diary();
	assert_true(most_at_work(diary, NULL) <= SPAWN_AT_ONCE_MAX);
	assert_no_child();
}

static void two_hundred_are_done_by_four_runs(void **state)
{
	const struct operation several = { .is_question = true, .takes_several = true };

	(void)state;
	assert_int_equal(
		operate("for pid; do case $pid in --pid) ;; *) echo $pid p$pid ;; "
			"esac; done",
			several, 200),
		4);

	for (size_t i = 0; i < 200; i++) {
		assert_int_equal(targets[i].ret, 0);
		assert_int_equal(strtol(targets[i].text + 1, NULL, 10), PID_OF(i));
	}
	assert_no_child();
}

/* --- the caller's SIGCHLD ------------------------------------------------------------
 */

static volatile sig_atomic_t stolen;

static void reap_everything(int signo)
{
	int saved = errno;

	(void)signo;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		stolen++;
	errno = saved;
}

static void outcomes_are_right_whatever_the_caller_does_with_sigchld(void **state)
{
	static const struct {
		void (*handler)(int);
		int flags;
	} dispositions[] = {
		{ SIG_DFL, 0 },
		{ SIG_IGN, 0 },
		{ SIG_DFL, SA_NOCLDWAIT },
		{ reap_everything, SA_RESTART },
		{ reap_everything, SA_NOCLDWAIT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(dispositions); i++) {
		const struct world with = before;

		set_sigchld(dispositions[i].handler, dispositions[i].flags);
		before = look();

		assert_int_equal(ask_by("sleep 0.05; echo p$2; exit 0", 3), 3);

		for (size_t j = 0; j < 3; j++)
			assert_int_equal(targets[j].ret, 0);
		assert_int_equal(stolen, 0);
		assert_no_child();
		before = with;
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin_operation, end_operation)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_process_has_a_run_of_its_own),
		CASE(several_are_named_in_one_run_if_it_takes_them),
		CASE(one_alone_is_asked_the_simple_way_by_whoever_takes_several),
		CASE(settings_come_after_the_pids),
		CASE(nobody_is_done_in_no_run),
		CASE(action_is_done_in_silence),
		CASE(time_that_each_took_is_known),
		CASE(all_are_at_work_at_once_without_a_limit),
		CASE(no_more_than_allowed_are_at_work),
		CASE(next_begins_when_one_is_done),
		CASE(no_more_than_allowed_are_at_work_in_runs_for_several),
		CASE(next_begins_when_one_of_a_run_is_done),
		CASE(those_that_go_alone_are_not_beside_each_other),
		CASE(those_that_go_alone_share_no_run),
		CASE(those_that_go_alone_go_first),
		CASE(one_that_goes_alone_and_hangs_does_not_hold_back_the_others),
		CASE(two_hundred_are_done_by_a_run_each),
		CASE(two_hundred_are_done_by_four_runs),
		CASE(outcomes_are_right_whatever_the_caller_does_with_sigchld),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
