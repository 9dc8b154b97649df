/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run prints, and how it ends: an outcome for each process, never a guess. By
 * real runs of scripts.
 */
#include "operation.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "operation_world.h"

#define NOT_READY "\"device not ready\""
#define NOT_CUDA  "\"initialization error\""

static const struct operation question = { .is_question = true, .takes_several = true };
static const struct operation action = { .takes_several = true };

/* --- a run for one ------------------------------------------------------------------ */

static const struct {
	const char *script;
	int ret;
	const char *text;
} singles[] = {
	{ "echo running", 0, "running" },
	{ "echo running; echo a warning >&2", 0, "running" },
	{ "printf running", -EBADMSG, "running" },
	{ "echo two words", -EBADMSG, "two words" },
	{ "printf 'a\\nb\\n'", -EBADMSG, "a;b" },
	{ "exit 0", -EBADMSG, "it ended with status 0 and said nothing" },
	{ "echo x >&2", -EBADMSG, "x" },
	{ "printf 'run\\0ning\\n'", -EBADMSG, "run" },
	{ "echo 'Error: " NOT_CUDA "'; exit 1", -ENXIO, "Error: " NOT_CUDA },
	{ "echo 'Error: " NOT_READY "' >&2; exit 1", -ETIMEDOUT, "Error: " NOT_READY },
	{ "echo running; exit 1", -EIO, "running" },
	{ "exit 3", -EIO, "it ended with status 3 and said nothing" },
	{ "kill -KILL $$", -EIO, "the utility was ended by signal 9" },
};

static void run_for_one_is_understood_as_a_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(singles); i++) {
		assert_int_equal(ask_by(singles[i].script, 1), 1);

		assert_outcome(0, singles[i].ret, singles[i].text);
		assert_false(targets[0].is_cut);
		assert_false(targets[0].is_in_doubt);
	}
}

static void action_that_talks_is_in_doubt(void **state)
{
	(void)state;
	act_by("[ $2 = 1001 ] && echo out || echo err >&2", 2);

	assert_outcome(0, 0, "out");
	assert_outcome(1, 0, "err");
	assert_true(targets[0].is_in_doubt);
	assert_true(targets[1].is_in_doubt);
}

static void action_that_fails_is_in_no_doubt(void **state)
{
	(void)state;
	act_by("echo '" NOT_READY "'; exit 1", 1);

	assert_outcome(0, -ETIMEDOUT, NOT_READY);
	assert_false(targets[0].is_in_doubt);
	assert_true(operation_is_refused(&targets[0]));
}

static void one_that_fails_does_not_keep_the_others_from_being_done(void **state)
{
	(void)state;
	act_by("[ $2 != 1002 ] || { echo no; exit 1; }; sleep 0.2", 3);

	assert_outcome(0, 0, "");
	assert_outcome(1, -EIO, "no");
	assert_outcome(2, 0, "");
	assert_true(targets[2].took_ms >= 200);
}

/* --- good lines of a run for several -------------------------------------------------
 */

static void lines_come_in_any_order(void **state)
{
	(void)state;
	operate("echo 1003 c; echo 1001 a; sleep 0.1; echo 1002 b", question, 3);

	assert_outcome(0, 0, "a");
	assert_outcome(1, 0, "b");
	assert_outcome(2, 0, "c");
}

static void line_may_come_in_pieces(void **state)
{
	(void)state;
	operate("for c in 1 0 0 1 ' ' a '\\n1' 002 ' b\\n10' '03 c' '\\n'; do "
		"printf \"$c\"; sleep 0.03; done",
		question, 3);

	assert_outcome(0, 0, "a");
	assert_outcome(1, 0, "b");
	assert_outcome(2, 0, "c");
}

static void each_is_done_when_its_line_comes(void **state)
{
	(void)state;
	operate("echo 1001 a; sleep 1; echo 1002 b", question, 2);

	assert_true(targets[0].took_ms + 500 < targets[1].took_ms);
	assert_true(targets[1].took_ms >= 1000);
}

static void action_of_several_is_done_or_failed(void **state)
{
	(void)state;
	operate("echo 1001 ok 5; echo '1002 error 600 " NOT_READY "'; "
		"echo '1003 error 0 \"odd\"'; echo '1004 error 3 " NOT_CUDA "'; "
		"echo a warning >&2; exit 1",
		action, 4);

	assert_outcome(0, 0, "ok 5");
	assert_outcome(1, -ETIMEDOUT, NOT_READY);
	assert_outcome(2, -EIO, "\"odd\"");
	assert_outcome(3, -ENXIO, NOT_CUDA);
	assert_true(operation_is_refused(&targets[1]));
	for (size_t i = 0; i < 4; i++) {
		assert_false(targets[i].is_in_doubt);
		assert_false(targets[i].is_cut);
	}
}

/* The status is that of all together: the lines are what counts. */
static void line_counts_whatever_the_status_is(void **state)
{
	(void)state;
	operate("echo 1001 ok 5; echo 1002 ok 6; exit 1", action, 2);

	assert_outcome(0, 0, "ok 5");
	assert_outcome(1, 0, "ok 6");
}

static void long_words_of_a_failure_are_cut(void **state)
{
	(void)state;
	operate("printf '1001 error 1 \"'; head -c 10000 /dev/zero | tr '\\0' x; "
		"echo '\"'; echo 1002 ok 1",
		action, 2);

	assert_int_equal(targets[0].ret, -EIO);
	assert_int_equal(strlen(targets[0].text), UTILITY_MESSAGE_SIZE - 1);
	assert_outcome(1, 0, "ok 1");
}

/* --- runs for several that say too little, or nonsense --------------------------------
 */

static void run_that_ends_without_a_line_for_one_failed_for_that_one(void **state)
{
	(void)state;
	operate("echo 1001 a; echo 1003 c; echo sorry >&2", question, 3);

	assert_outcome(0, 0, "a");
	assert_outcome(1, -EBADMSG, "sorry");
	assert_outcome(2, 0, "c");
	assert_false(targets[1].is_cut);
}

static void run_that_says_nothing_failed_for_all(void **state)
{
	(void)state;
	operate("exit 0", question, 2);
	assert_outcome(0, -EBADMSG, "it ended with status 0 and said nothing");
	assert_outcome(1, -EBADMSG, "it ended with status 0 and said nothing");

	operate("echo 'cuda-checkpoint: cannot load libcuda.so.1' >&2; exit 1", action,
		2);
	assert_outcome(0, -EBADMSG, "cuda-checkpoint: cannot load libcuda.so.1");
	assert_outcome(1, -EBADMSG, "cuda-checkpoint: cannot load libcuda.so.1");
}

static void killed_run_failed_for_those_without_a_line(void **state)
{
	(void)state;
	operate("echo 1002 ok 5; kill -KILL $$", action, 3);

	assert_outcome(0, -EIO, "the utility was ended by signal 9");
	assert_outcome(1, 0, "ok 5");
	assert_outcome(2, -EIO, "the utility was ended by signal 9");
}

/* What cannot be understood is quoted, and what follows it is not believed. */
static const struct {
	const char *prints; /* by printf, between the lines of 1001 and 1002 */
	const char *quoted;
} nonsense[] = {
	{ "hello\\n", "hello;1002 ok 6" },
	{ "\\n", ";1002 ok 6" },
	{ "1003 ok 7\\n", "1003 ok 7;1002 ok 6" },
	{ "1001 ok 5\\n", "1001 ok 5;1002 ok 6" },
	{ "1001 error 1 \"x\"\\n", "1001 error 1 \"x\";1002 ok 6" },
	{ "1002 running\\n", "1002 running;1002 ok 6" },
	{ "1002 ok\\n", "1002 ok;1002 ok 6" },
	{ "1002 ok soon\\n", "1002 ok soon;1002 ok 6" },
	{ "1002 error x\\n", "1002 error x;1002 ok 6" },
	{ "1002 ok 5\\r\\n", "1002 ok 5?;1002 ok 6" },
	{ "1002 ok 5\\0\\n", "1002 ok 5" },
	{ "1002\\0 ok 5\\n", "1002" },
	{ "\\0\\n", NULL },
	{ "1002 ok", "1002 ok1002 ok 6" },
};

static void nonsense_is_no_answer_and_nothing_after_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nonsense); i++) {
		char script[256];

		snprintf(script, sizeof(script),
			 "echo 1001 ok 5; printf '%s'; echo 1002 ok 6",
			 nonsense[i].prints);
		operate(script, action, 2);

		assert_outcome(0, 0, "ok 5");
		assert_int_equal(targets[1].ret, -EBADMSG);
		if (nonsense[i].quoted)
			assert_outcome(1, -EBADMSG, nonsense[i].quoted);
	}
}

static void line_that_is_not_ended_is_none(void **state)
{
	(void)state;
	operate("echo 1001 ok 5; printf '1002 ok 6'", action, 2);

	assert_outcome(0, 0, "ok 5");
	assert_outcome(1, -EBADMSG, "1002 ok 6");
}

static void lines_on_stderr_are_none(void **state)
{
	(void)state;
	operate("echo 1001 ok 5 >&2; echo 1002 ok 6 >&2", action, 2);

	assert_outcome(0, -EBADMSG, "1001 ok 5;1002 ok 6");
	assert_outcome(1, -EBADMSG, "1001 ok 5;1002 ok 6");
}

static void flood_is_no_answer(void **state)
{
	(void)state;
	operate("echo 1001 ok 5; head -c 200000 /dev/zero | tr '\\0' x; echo; "
		"echo 1002 ok 6",
		action, 2);

	assert_outcome(0, 0, "ok 5");
	assert_int_equal(targets[1].ret, -EBADMSG);
	assert_says(1, "xxx (cut)");
}

static int sleep_at_first(void *subject)
{
	bool *has_slept = subject;

	if (!*has_slept)
		clock_sleep_ms(1000);
	*has_slept = true;

	return 0;
}

/*
 * Lines that make sense, but more at a time than can be kept: after the gap nothing can
 * be told any more, not even where a line begins.
 */
static void nothing_is_believed_after_what_was_lost(void **state)
{
	char expected[UTILITY_MESSAGE_SIZE] = "\"";
	size_t length = 1, lost = 0;
	bool has_slept = false;

	(void)state;
	for (int i = 1; i <= 700; i++)
		length += (size_t)snprintf(expected + length, sizeof(expected) - length,
					   "%d ", i);
	snprintf(expected + length, sizeof(expected) - length, "\"");
	targets[63].watch = (struct operation_watch){ sleep_at_first, &has_slept };

	operate("words=$(seq -s ' ' 700); "
		"lines=$(for pid; do case $pid in --pid) ;; *) "
		"echo \"$pid error 1 \\\"$words \\\"\" ;; esac; done); "
		"echo \"$lines\" | dd bs=1M iflag=fullblock 2>/dev/null",
		action, 64);

	for (size_t i = 0; i < 64; i++) {
		if (lost || targets[i].ret == -EBADMSG) {
			assert_int_equal(targets[i].ret, -EBADMSG);
			lost++;
		} else {
			assert_outcome(i, -EIO, expected);
		}
	}
	assert_true(lost);
}

/* --- runs that do not end --------------------------------------------------------------
 */

static void run_that_has_said_all_is_ended_after_the_grace(void **state)
{
	const int64_t begin = clock_ms();

	(void)state;
	operate("echo 1001 ok 5; echo 1002 ok 6; exec sleep 60", action, 2);

	assert_outcome(0, 0, "ok 5");
	assert_outcome(1, 0, "ok 6");
	assert_true(targets[0].took_ms < SPAWN_GRACE_MS);
	assert_false(targets[0].is_cut);
	assert_true(clock_ms() - begin >= SPAWN_GRACE_MS);
	assert_true(clock_ms() - begin < SPAWN_GRACE_MS + SLACK_MS);
	assert_no_child();
}

static void next_begins_beside_a_run_that_has_said_all_and_does_not_end(void **state)
{
	struct operation two = action;
	char *diary autofree = NULL;

	(void)state;
	two.at_once = 2;
	operate("echo + $2 >>$DIARY; [ $# = 2 ] && exit; echo 1001 ok 5; echo 1002 ok 6; "
		"sleep 0.8; echo - 1001 >>$DIARY",
		two, 3);

	diary = read_diary();
	assert_true(is_before(diary, "+ 1003", "- 1001"));
	assert_outcome(0, 0, "ok 5");
	assert_outcome(2, 0, "");
}

static void those_that_had_no_line_in_time_are_cut(void **state)
{
	struct operation limited = action;
	const int64_t begin = clock_ms();

	(void)state;
	limited.timeout_ms = 1000;
	operate("echo 1002 ok 5; exec sleep 60", limited, 3);

	assert_outcome(0, -ETIMEDOUT, "no answer in 1000 ms");
	assert_outcome(1, 0, "ok 5");
	assert_outcome(2, -ETIMEDOUT, "no answer in 1000 ms");
	assert_true(targets[0].is_cut);
	assert_false(targets[1].is_cut);
	assert_false(operation_is_refused(&targets[0]));
	assert_true(clock_ms() - begin >= 1000);
	assert_true(clock_ms() - begin < 1000 + SLACK_MS);
	assert_no_child();
}

static void each_run_has_the_whole_time(void **state)
{
	const struct operation limited = { .timeout_ms = 1500, .at_once = 1 };

	(void)state;
	operate("sleep 0.8", limited, 3);

	for (size_t i = 0; i < 3; i++)
		assert_outcome(i, 0, "");
}

static void run_that_is_cut_does_not_touch_the_others(void **state)
{
	const struct operation limited = { .timeout_ms = 1000, .is_question = true };

	(void)state;
	operate("[ $2 != 1002 ] || exec sleep 60; echo running", limited, 3);

	assert_outcome(0, 0, "running");
	assert_outcome(1, -ETIMEDOUT, "no answer in 1000 ms");
	assert_true(targets[1].is_cut);
	assert_outcome(2, 0, "running");
	assert_false(targets[2].is_cut);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin_operation, end_operation)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(run_for_one_is_understood_as_a_whole),
		CASE(action_that_talks_is_in_doubt),
		CASE(action_that_fails_is_in_no_doubt),
		CASE(one_that_fails_does_not_keep_the_others_from_being_done),
		CASE(lines_come_in_any_order),
		CASE(line_may_come_in_pieces),
		CASE(each_is_done_when_its_line_comes),
		CASE(action_of_several_is_done_or_failed),
		CASE(line_counts_whatever_the_status_is),
		CASE(long_words_of_a_failure_are_cut),
		CASE(run_that_ends_without_a_line_for_one_failed_for_that_one),
		CASE(run_that_says_nothing_failed_for_all),
		CASE(killed_run_failed_for_those_without_a_line),
		CASE(nonsense_is_no_answer_and_nothing_after_it),
		CASE(line_that_is_not_ended_is_none),
		CASE(lines_on_stderr_are_none),
		CASE(flood_is_no_answer),
		CASE(nothing_is_believed_after_what_was_lost),
		CASE(run_that_has_said_all_is_ended_after_the_grace),
		CASE(next_begins_beside_a_run_that_has_said_all_and_does_not_end),
		CASE(those_that_had_no_line_in_time_are_cut),
		CASE(each_run_has_the_whole_time),
		CASE(run_that_is_cut_does_not_touch_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
