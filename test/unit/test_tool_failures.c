/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run that fails: the kind of the error, and one line in the log that says all.
 */
#include "tool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "fake_log.h"
#include "fake_spawn.h"
#include "tool_runs.h"

static const struct run failed_actions[] = {
	{ 1, NULL, "Could not lock on process ID 4711: " NOT_CUDA, -EIO },
	{ 1, "Could not lock on process ID 4711: \"device not ready\"\n", NULL,
	  -ETIMEDOUT },
	{ 1, NULL, "Could not lock on process ID 4711: \"device not ready\"\n",
	  -ETIMEDOUT },
	{ 1, NULL,
	  "Could not checkpoint on process ID 4711: \"the operation cannot be performed "
	  "in the present state\"\n",
	  -EBUSY },
	{ 1, NULL,
	  "Could not checkpoint on process ID 4711: \"operation not supported\"\n",
	  -EIO },
	{ 1, NULL, "Invalid process state\nCUDA checkpoint and restore utility.\n",
	  -EIO },
	{ 127, NULL,
	  "cuda-checkpoint: error while loading shared libraries: libcuda.so.1: cannot "
	  "open shared object file: No such file or directory\n",
	  -EIO },
	{ 137, NULL, NULL, -EIO },
};

/* Errors that mean something else to the callers: none may come from below. */
static const int reserved[] = { -ENXIO, -EBUSY, -EBADMSG, -ENOTSUP };

static void failed_question_is_logged_once_with_the_whole_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAILED_QUESTIONS; i++) {
		const struct run *run = &failed_questions[i];
		enum cuda_state got = UNTOUCHED_STATE;
		pid_t tid = UNTOUCHED_TID;

		again();
		answer(run);
		assert_int_equal(get_state(0, &got), run->expected);
		assert_int_equal(got, UNTOUCHED_STATE);
		assert_whole_message_logged(run);
		assert_true(fake_log_has("--get-state: "));

		again();
		answer(run);
		assert_int_equal(get_restore_tid(&tid), run->expected);
		assert_int_equal(tid, UNTOUCHED_TID);
		assert_whole_message_logged(run);
		assert_true(fake_log_has("--get-restore-tid: "));
	}
}

static void failed_action_is_logged_once_with_the_whole_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failed_actions); i++) {
		const struct run *run = &failed_actions[i];

		again();
		answer(run);

		assert_int_equal(act(CUDA_LOCK, 100), run->expected);

		assert_whole_message_logged(run);
		assert_true(fake_log_has("pid 4711: cannot lock: "));
	}
}

static void success_that_is_none_is_a_failure(void **state)
{
	(void)state;
	fake_spawn_answer(0, "lorem ipsum\n", NULL);
	fake_spawn_answer(0, "locked\n", NULL);

	assert_int_equal(act(CUDA_UNLOCK, 0), -EIO);
	assert_logged_once("the utility reported success, and it is locked");

	again();
	fake_spawn_answer(0, "lorem ipsum\n", NULL);
	fake_spawn_answer(1, NULL, "Error: " NOT_CUDA);

	assert_int_equal(act(CUDA_UNLOCK, 0), -EIO);
	assert_logged_once("the utility reported success, and it is no CUDA");
}

static void silent_failure_is_logged_with_its_status(void **state)
{
	(void)state;
	fake_spawn_answer(3, NULL, NULL);
	assert_int_equal(act(CUDA_CHECKPOINT, 0), -EIO);
	assert_logged_once("cannot checkpoint: it ended with status 3");

	again();
	fake_spawn_answer(137, NULL, NULL);
	assert_int_equal(act(CUDA_CHECKPOINT, 0), -EIO);
	assert_logged_once("cannot checkpoint: the utility was ended by signal 9");
}

static void failure_is_logged_with_what_it_means(void **state)
{
	(void)state;
	fake_spawn_answer(1, NULL,
			  "Could not checkpoint on process ID 4711: \"out of memory\"\n");

	assert_int_equal(act(CUDA_CHECKPOINT, 0), -EIO);

	assert_logged_once("\"out of memory\"; its GPU memory finds no room");
}

static void both_streams_of_a_failure_are_logged(void **state)
{
	(void)state;
	fake_spawn_answer(1, "on stdout\n", "on stderr\nand more\n\n");

	assert_int_equal(act(CUDA_RESTORE, 0), -EIO);

	assert_logged_once("cannot restore: on stderr;and more;;on stdout\n");
}

static void flood_of_a_failure_is_logged_up_to_the_cut(void **state)
{
	const size_t size = 1024 * 1024;
	char *flood autofree = malloc(size);

	(void)state;
	assert_non_null(flood);
	memset(flood, 'x', size);
	fake_spawn_answer_bytes(1, flood, size, flood, size);

	assert_int_equal(act(CUDA_RESTORE, 0), -EIO);

	assert_logged_once("xx (cut)\n");
}

/* Whatever is asked, when the run fails with @error. */
static void assert_each_fails(int error, int expected, unsigned int timeout_ms,
			      const char *says)
{
	enum cuda_state got = UNTOUCHED_STATE;
	pid_t tid = UNTOUCHED_TID;

	again();
	fake_spawn_fail(error);
	assert_int_equal(get_state(timeout_ms, &got), expected);
	assert_int_equal(got, UNTOUCHED_STATE);
	assert_logged_once(says);

	again();
	fake_spawn_fail(error);
	assert_int_equal(get_restore_tid(&tid), expected);
	assert_int_equal(tid, UNTOUCHED_TID);
	assert_logged_once(says);

	again();
	fake_spawn_fail(error);
	assert_int_equal(act(CUDA_LOCK, timeout_ms), expected);
	assert_logged_once(says);
}

static void status_that_somebody_else_took_is_no_finding(void **state)
{
	(void)state;
	assert_each_fails(-ECHILD, -EIO, 0, "cannot run \"cuda-checkpoint\": No child");
}

static void utility_that_cannot_be_run_is_logged_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAILED_SPAWNS; i++)
		assert_each_fails(failed_spawns[i].error, failed_spawns[i].expected, 30,
				  failed_spawns[i].says);
}

static void answer_that_does_not_come_is_logged_with_the_time(void **state)
{
	enum cuda_state got;

	(void)state;
	fake_spawn_fail(-ETIMEDOUT);
	fake_spawn_fail(-ETIMEDOUT);

	assert_int_equal(get_state(30, &got), -ETIMEDOUT);
	assert_logged_once("no answer in 30 ms");
	fake_log_reset();
	assert_int_equal(act(CUDA_LOCK, 1000), -ETIMEDOUT);
	assert_logged_once("no answer in 6000 ms");
}

/* "No CUDA here" is never a guess from a failure, and -ENOTSUP is reserved. */
static void failure_to_run_is_no_finding_about_the_process(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		const char *says = strerror(-reserved[i]);
		char reason[256] = "";

		assert_each_fails(reserved[i], -EIO, 0, says);

		again();
		fake_spawn_fail(reserved[i]);
		assert_int_equal(tool_probe(&tool, reason, sizeof(reason)), -EIO);
		assert_non_null(strstr(reason, says));
	}
}

static int give_up(void *unused)
{
	(void)unused;
	return -ESRCH;
}

static void what_the_watch_says_is_returned_and_left_to_it_to_log(void **state)
{
	struct operation_target target = { .pid = PID, .watch = { give_up, NULL } };

	(void)state;
	fake_spawn_hang(NULL);

	tool_act(&tool, CUDA_RESTORE, 0, &target, 1);

	assert_int_equal(target.ret, -ESRCH);
	assert_int_equal(fake_spawn.killed, 1);
	assert_int_equal(fake_spawn.at_work, 0);
	assert_nothing_logged();
}

static void lock_that_runs_out_of_time_says_what_to_do(void **state)
{
	(void)state;
	answer(&failed_actions[1]);

	assert_int_equal(act(CUDA_LOCK, 1000), -ETIMEDOUT);

	assert_true(fake_log_has("give it more with the option timeout"));
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(lock_that_runs_out_of_time_says_what_to_do),
		CASE(failed_question_is_logged_once_with_the_whole_message),
		CASE(failed_action_is_logged_once_with_the_whole_message),
		CASE(failure_is_logged_with_what_it_means),
		CASE(success_that_is_none_is_a_failure),
		CASE(silent_failure_is_logged_with_its_status),
		CASE(both_streams_of_a_failure_are_logged),
		CASE(flood_of_a_failure_is_logged_up_to_the_cut),
		CASE(utility_that_cannot_be_run_is_logged_once),
		CASE(status_that_somebody_else_took_is_no_finding),
		CASE(answer_that_does_not_come_is_logged_with_the_time),
		CASE(failure_to_run_is_no_finding_about_the_process),
		CASE(what_the_watch_says_is_returned_and_left_to_it_to_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
