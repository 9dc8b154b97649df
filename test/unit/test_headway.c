/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a line is due, and what it says of what can be seen, by a clock of the test's own.
 */
#include "headway.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cuda_process.h"
#include "fake_log.h"
#include "proc.h"
#include "progress.h"

#define MIB (UINT64_C(1) << 20)

static int64_t now_ms, began_ms;
static uint64_t resident; /* 0: it cannot be read */
static unsigned int looks;
static struct cuda_process process;
static struct headway headway;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	(void)clock;
	ret_now->tv_sec = now_ms / 1000;
	ret_now->tv_nsec = now_ms % 1000 * 1000000;
	return 0;
}

int proc_resident(pid_t pid, uint64_t *ret_bytes)
{
	assert_int_equal(pid, 11);
	looks++;
	if (!resident)
		return -ESRCH;

	*ret_bytes = resident;
	return 0;
}

static int begin(void **state)
{
	(void)state;
	now_ms = began_ms = 1000;
	resident = 300 * MIB;
	looks = 0;
	process = (struct cuda_process){ .pid = 11, .bytes = 4000 * MIB };
	fake_log_reset();
	return 0;
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(fake_log.malformed, 0);
	assert_int_equal(fake_log.length, strlen(fake_log.text));
	return 0;
}

/* @action has been at work for @ms, and @populated has come. Return: what was said. */
static const char *said_after(enum cuda_action action, int64_t ms, uint64_t populated)
{
	headway_begin(&headway, &process, action);
	now_ms += ms;
	resident = resident ? resident + populated : 0;
	headway_look(&headway, began_ms);
	return fake_log.text;
}

static void what_is_done_soon_is_not_talked_about(void **state)
{
	(void)state;
	assert_string_equal(
		said_after(CUDA_CHECKPOINT, PROGRESS_INTERVAL_MS - 1, 2000 * MIB), "");
	assert_int_equal(looks, 1); /* at the beginning */
}

static void checkpoint_says_what_is_populated_and_how_fast(void **state)
{
	(void)state;
	assert_string_equal(said_after(CUDA_CHECKPOINT, 5000, 1000 * MIB),
			    "cuda_plugin: pid 11: the driver is at its checkpoint for "
			    "5 s: host memory for 25 % of 4000 MiB of GPU memory "
			    "populated, 200 MiB/s\n");
	assert_int_equal(fake_log.lines[LOG_LEVEL_INFO], 1);
}

/* What is left then, the copy, nobody can see. */
static void all_populated_is_not_said_to_be_done(void **state)
{
	(void)state;
	assert_string_equal(said_after(CUDA_CHECKPOINT, 5000, 4500 * MIB),
			    "cuda_plugin: pid 11: the driver is at its checkpoint for "
			    "5 s: host memory for all 4000 MiB of GPU memory "
			    "populated\n");
}

static void without_a_size_there_is_no_percentage(void **state)
{
	(void)state;
	process.bytes = MEMORY_UNKNOWN;
	assert_string_equal(said_after(CUDA_CHECKPOINT, 5000, 1000 * MIB),
			    "cuda_plugin: pid 11: the driver is at its checkpoint for "
			    "5 s: 1000 MiB of host memory populated, 200 MiB/s\n");
}

static void what_cannot_be_seen_is_not_told(void **state)
{
	(void)state;
	resident = 0;
	assert_string_equal(said_after(CUDA_CHECKPOINT, 5000, 0),
			    "cuda_plugin: pid 11: the driver is at its checkpoint for "
			    "5 s, 4000 MiB of GPU memory\n");
}

static void memory_that_became_less_is_none_that_was_populated(void **state)
{
	(void)state;
	headway_begin(&headway, &process, CUDA_CHECKPOINT);
	now_ms += 6000;
	resident -= 100 * MIB;
	headway_look(&headway, began_ms);
	assert_true(fake_log_has("for 6 s: host memory for 0 % of 4000 MiB"));
}

static void restore_has_a_time_and_a_size_alone(void **state)
{
	(void)state;
	process.buffer.bytes = 70000 * MIB;
	assert_string_equal(said_after(CUDA_RESTORE, 5000, 0),
			    "cuda_plugin: pid 11: the driver is at its restore for 5 s, "
			    "70000 MiB of GPU memory\n");
	assert_int_equal(looks, 0);
}

static void unlock_has_a_time_alone(void **state)
{
	(void)state;
	assert_string_equal(
		said_after(CUDA_UNLOCK, 65000, 0),
		"cuda_plugin: pid 11: the driver is at its unlock for 65 s\n");
}

static void the_next_line_comes_an_interval_later(void **state)
{
	(void)state;
	said_after(CUDA_RESTORE, 7000, 0);
	now_ms += PROGRESS_INTERVAL_MS - 1;
	headway_look(&headway, began_ms);
	assert_int_equal(fake_log.lines[LOG_LEVEL_INFO], 1);
	now_ms += 1;
	headway_look(&headway, began_ms);
	assert_int_equal(fake_log.lines[LOG_LEVEL_INFO], 2);
}

/* Of several that wait for their turn each has a time of its own. */
static void time_counts_from_when_the_operation_began(void **state)
{
	(void)state;
	headway_begin(&headway, &process, CUDA_RESTORE);
	now_ms += 60000;
	began_ms = now_ms - 100;
	headway_look(&headway, began_ms);
	assert_int_equal(fake_log.length, 0);
}

static void of_a_question_nothing_is_said(void **state)
{
	(void)state;
	memset(&headway, 0, sizeof(headway));
	now_ms += 60000;
	headway_look(&headway, began_ms);
	assert_int_equal(fake_log.length, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_done_soon_is_not_talked_about),
		CASE(checkpoint_says_what_is_populated_and_how_fast),
		CASE(all_populated_is_not_said_to_be_done),
		CASE(without_a_size_there_is_no_percentage),
		CASE(what_cannot_be_seen_is_not_told),
		CASE(memory_that_became_less_is_none_that_was_populated),
		CASE(restore_has_a_time_and_a_size_alone),
		CASE(unlock_has_a_time_alone),
		CASE(the_next_line_comes_an_interval_later),
		CASE(time_counts_from_when_the_operation_began),
		CASE(of_a_question_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
