/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a climb has done about the buffer of a checkpoint, and says of it. All else that
 * it does is tested with the session.
 */
#include "climb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fake_log.h"
#include "session_processes.h"

#define ADDRESS UINT64_C(0x7f0012340000)
#define BYTES	(UINT64_C(3) << 30)

/* The time of the world goes on in runs that hang. */
int __real_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int ret = __real_clock_gettime(clock, ret_time);

	ret_time->tv_sec += fake_world.waited_ms / 1000;
	return ret;
}

static struct tool tool;
static struct fake_process *fake;
static struct cuda_process process;

/* A process as it is when CRIU has frozen it. */
static int begin(void **state)
{
	(void)state;
	reset_world();
	fake = add_process(LOCKED);
	fake->owed = fake->frozen = true;
	fake->buffer_address = ADDRESS;
	fake->buffer_bytes = BYTES;
	seize(fake);
	tool = (struct tool){ .program = "a-utility" };
	process = (struct cuda_process){
		.pid = fake->pid,
		.found = CUDA_LOCKED,
		.rung = CUDA_LOCKED,
		.rung_is_certain = true,
		.debt = &fake->debt,
	};
	return 0;
}

static int climb(enum cuda_state goal)
{
	struct cuda_process *const one = &process;

	return climb_to(&tool, &one, 1, goal);
}

static int end(void **state)
{
	(void)state;
	assert_null(fake_world.crime);
	return 0;
}

static void checkpoint_knows_the_buffer_whoever_populates_it(void **state)
{
	(void)state;
	for (unsigned int threads = 0; threads < 8; threads += 7) {
		assert_int_equal(begin(state), 0);
		tool.prefault_threads = threads;

		assert_int_equal(climb(CUDA_CHECKPOINTED), 0);

		assert_true(process.buffer.address == ADDRESS);
		assert_true(process.buffer.bytes == BYTES);
		assert_int_equal(fake->threads, threads);
		assert_ptr_equal(fake->tripwire_used, &fake->debt.tripwire);
	}
}

static void buffer_that_was_not_seen_is_not_known(void **state)
{
	(void)state;
	fake->buffer_address = fake->buffer_bytes = 0;

	assert_int_equal(climb(CUDA_CHECKPOINTED), 0);

	assert_true(process.buffer.bytes == 0);
}

static void process_that_is_owed_nothing_is_only_looked_at(void **state)
{
	(void)state;
	process.debt = NULL;
	tool.prefault_threads = 7;

	assert_int_equal(climb(CUDA_CHECKPOINTED), 0);

	assert_null(fake->tripwire_used);
	assert_true(process.buffer.bytes == BYTES);
}

static void way_back_looks_for_none(void **state)
{
	(void)state;
	tool.prefault_threads = 7;
	assert_int_equal(climb(CUDA_CHECKPOINTED), 0);

	assert_int_equal(climb(CUDA_LOCKED), 0);

	assert_false(fake->looked);
	assert_int_equal(fake->threads, 0);
	assert_true(process.buffer.bytes == BYTES); /* as it was */
}

static void thread_with_registers_not_its_own_is_left_to_the_guardian(void **state)
{
	(void)state;
	atomic_store(&fake->debt.tripwire.is_set, true);

	assert_int_equal(climb(CUDA_CHECKPOINTED), -EBUSY);

	assert_int_equal(fake->runs, 0);
	assert_int_equal(fake_log_errors(), 1);
}

static void checkpoint_that_fails_knows_none(void **state)
{
	(void)state;
	fake_world.failure = FAKE_FAILS;
	for (unsigned int call = 1; call < 20; call++) {
		assert_int_equal(begin(state), 0);
		fake_world.failure = FAKE_FAILS;
		fake_world.fail_call = call;
		if (climb(CUDA_CHECKPOINTED) == 0) {
			assert_true(call > 2);
			break;
		}
		assert_true(process.buffer.bytes == 0);
	}
}

/* Return: which call of a climb it is. */
static unsigned int find_checkpoint(void **state)
{
	for (unsigned int call = 1;; call++) {
		assert_int_equal(begin(state), 0);
		fake_world.failure = FAKE_FAILS;
		fake_world.fail_call = call;
		assert_int_not_equal(climb(CUDA_CHECKPOINTED), 0);
		if (strcmp(fake_world.failed, "checkpoint") == 0)
			return call;
	}
}

static void long_checkpoint_is_talked_about(void **state)
{
	const unsigned int call = find_checkpoint(state);

	assert_int_equal(begin(state), 0);
	process.bytes = UINT64_C(2) << 30;
	fake->resident = UINT64_C(1) << 20;
	tool.operation_timeout_ms = 13000;
	fake_world.failure = FAKE_HANGS;
	fake_world.fail_call = call;

	assert_int_not_equal(climb(CUDA_CHECKPOINTED), 0);

	assert_true(fake_log_has("pid 100: the driver is at its checkpoint for 5 s: host "
				 "memory for 0 % of 2048 MiB of GPU memory populated, "
				 "0 MiB/s\n"));
	assert_true(fake_log_has("checkpoint for 10 s"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(checkpoint_knows_the_buffer_whoever_populates_it),
		CASE(buffer_that_was_not_seen_is_not_known),
		CASE(process_that_is_owed_nothing_is_only_looked_at),
		CASE(way_back_looks_for_none),
		CASE(thread_with_registers_not_its_own_is_left_to_the_guardian),
		CASE(checkpoint_that_fails_knows_none),
		CASE(long_checkpoint_is_talked_about),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
