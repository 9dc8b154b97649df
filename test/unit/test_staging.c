/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The buffer of a checkpoint is populated by our threads, and the thread that asked for
 * it finds all as the driver expects; whatever does not look like such a buffer is left
 * alone.
 */
#include "staging.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"
#include "staging_target.h"

static void buffer_is_populated_and_the_thread_as_expected(void **state)
{
	(void)state;
	start_staged(OUR_THREADS);

	tend_until_made(0);

	assert_made_well(0);
	assert_populated(0);
	assert_true(says_populated());
	assert_true(fake_log_has("its buffer of 65 MiB was populated by 3 threads in "));
	assert_int_equal(fake_log.malformed, 0);
	assert_buffer_is_of(0);
	stop_well();
	assert_buffer_is_of(0);
	go_on_and_end_well(1);
	assert_int_equal(fake_log_errors(), 0);
	assert_int_equal(fake_log.lines[LOG_LEVEL_WARN], 0);
}

static void buffer_is_of_huge_pages(void **state)
{
	(void)state;
	if (!machine_has_huge_pages())
		skip();
	start_staged(OUR_THREADS);
	tend_until_made(0);

	/* Two of its ends may be of small pages, and memory may be in pieces. */
	assert_true(huge_kb_of(0) >= 32 * 1024);
	stop_well();
}

/* Our flags must not be what the kernel sees when nothing is staged. */
static void without_threads_the_driver_populates(void **state)
{
	(void)state;
	start_staged(0);

	tend_until_made(0);

	assert_made_well(0);
	assert_populated(0);
	assert_int_equal(fake_log.length, 0);
	assert_buffer_is_of(0);
	stop_well();
	assert_buffer_is_of(0);
	go_on_and_end_well(1);
}

/* Nobody would put back what was changed. */
static void without_a_tripwire_the_driver_populates(void **state)
{
	(void)state;
	staged->go = 0;
	start_target(body_map, true);
	ours.tripwire = NULL;
	assert_int_equal(restore_thread_run(target, restore_tid(), &ours, &thread), 0);
	staged->go = 1;

	tend_until_made(0);

	assert_made_well(0);
	assert_populated(0);
	assert_int_equal(fake_log.length, 0);
	stop_well();
	assert_buffer_is_of(0);
	go_on_and_end_well(1);
}

static void without_an_order_nothing_is_seen(void **state)
{
	(void)state;
	staged->go = 0;
	start_target(body_map, true);
	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	staged->go = 1;

	tend_until_made(0);

	assert_populated(0);
	stop_well();
	assert_buffer_is_of(-1);
	go_on_and_end_well(1);
}

static void thread_runs_freely_afterwards(void **state)
{
	(void)state;
	start_staged(OUR_THREADS);
	tend_until_made(0);
	note_counts();

	await(restore_thread_went_on); /* not tended */

	stop_well();
}

/* --- what is left alone ------------------------------------------------------------- */

static void assert_left_alone(int result)
{
	start_staged(OUR_THREADS);
	tend_until_made(0);
	assert_made_well(0);
	if (result)
		assert_int_equal(staged->calls[0].result, result);
	assert_false(says_populated());
	assert_int_equal(fake_log.length, 0);
	stop_well();
	assert_buffer_is_of(-1);
	go_on_and_end_well(1);
	assert_int_equal(end_target(NULL), 0);
}

static void other_mappings_are_left_alone(void **state)
{
	const uint64_t flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	const struct {
		unsigned int argument;
		uint64_t value;
	} others[] = {
		{ 0, UINT64_C(0x600000000000) },
		{ 1, STAGING_BYTES_MIN - 4096 },
		{ 2, PROT_READ | PROT_WRITE | PROT_EXEC },
		{ 3, MAP_PRIVATE | MAP_ANONYMOUS },
		{ 3, flags | MAP_NORESERVE },
		{ 3, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(no_mapping_yet(state), 0);
		staged->calls[0].arguments[others[i].argument] = others[i].value;
		assert_left_alone(0);
		if (staged->calls[0].arguments[3] & MAP_POPULATE)
			assert_populated(0);
		else
			assert_int_equal(staged->calls[0].resident, 0);
	}
}

static void smallest_buffer_is_staged(void **state)
{
	(void)state;
	staged->calls[0].arguments[1] = STAGING_BYTES_MIN;
	start_staged(OUR_THREADS);

	tend_until_made(0);

	assert_made_well(0);
	assert_populated(0);
	assert_true(says_populated());
	stop_well();
}

static void mapping_that_fails_fails_as_without(void **state)
{
	(void)state;
	staged->calls[0].arguments[1] = UINT64_C(1) << 60;

	assert_left_alone(-ENOMEM);
}

static void second_mapping_is_left_alone(void **state)
{
	(void)state;
	staged->go = 2;
	start_staged(OUR_THREADS);
	tend_until_made(0);
	fake_log_reset();

	tend_until_made(1);

	for (int i = 0; i < 2; i++) {
		assert_made_well(i);
		assert_populated(i);
	}
	assert_int_equal(fake_log.length, 0);
	stop_well();
	assert_buffer_is_of(0);
	go_on_and_end_well(2);
}

static void ordinary_mapping_before_it_does_not_count(void **state)
{
	(void)state;
	staged->go = 2;
	staged->calls[0].arguments[1] = 8192;
	start_staged(OUR_THREADS);
	tend_until_made(1);

	assert_made_well(0);
	assert_made_well(1);
	assert_populated(1);
	assert_true(says_populated());
	stop_well();
	assert_buffer_is_of(1);
}

/* Without PTRACE_O_TRACESYSGOOD a system call looks as if a SIGTRAP had come. */
static void tracer_without_tracesysgood_does_without(void **state)
{
	(void)state;
	staged->go = 0;
	start_target(body_map, true);
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, restore_tid(), NULL, NULL), 0);
	assert_int_equal(restore_thread_run(target, restore_tid(), &ours, &thread), 0);
	staged->go = 1;

	tend_until_made(0);

	assert_made_well(0);
	assert_populated(0);
	assert_int_equal(fake_log.length, 0);
	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_held(restore_tid());
	go_on_and_end_well(1);
	assert_int_equal(shared->trap, 0);
}

static void stop_without_tracesysgood_brings_no_signal(void **state)
{
	(void)state;
	start_target(body_map, true);
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, restore_tid(), NULL, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(
			restore_thread_run(target, restore_tid(), &ours, &thread), 0);
		if (i % 2)
			usleep(1000);
		assert_int_equal(restore_thread_stop(&thread), 0);
		assert_held(restore_tid());
	}

	go_on_and_end_well(1);
	assert_int_equal(shared->trap, 0);
}

/* --- two at once -------------------------------------------------------------------- */

static struct party {
	struct shared *shared;
	struct staged *staged;
	struct restore_thread thread;
	pid_t target;
} other;

static void swap(void)
{
	const struct party now = { shared, staged, thread, target };

	shared = other.shared;
	staged = other.staged;
	thread = other.thread;
	target = other.target;
	other = now;
}

static bool both_are_made(void)
{
	bool made = true;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(restore_thread_tend(&thread), 0);
		made &= staged->calls[0].is_done;
		swap();
	}

	return made;
}

static void two_processes_at_once(void **state)
{
	start_staged(OUR_THREADS);
	swap();
	assert_int_equal(map_staged(state), 0);
	staged->calls[0] = buffer_call;
	staged->go = 1;
	start_staged(OUR_THREADS);

	await(both_are_made);

	for (int i = 0; i < 2; i++) {
		assert_made_well(0);
		assert_populated(0);
		swap();
	}
	for (int i = 0; i < 2; i++) {
		stop_well();
		swap();
	}
	for (int i = 0; i < 2; i++) {
		go_on_and_end_well(1);
		kill(target, SIGKILL);
		swap();
	}
	assert_int_equal(fake_log.lines[LOG_LEVEL_INFO], 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_mapping_yet, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(buffer_is_populated_and_the_thread_as_expected),
		CASE(buffer_is_of_huge_pages),
		CASE(without_threads_the_driver_populates),
		CASE(without_a_tripwire_the_driver_populates),
		CASE(without_an_order_nothing_is_seen),
		CASE(thread_runs_freely_afterwards),
		CASE(other_mappings_are_left_alone),
		CASE(smallest_buffer_is_staged),
		CASE(mapping_that_fails_fails_as_without),
		CASE(second_mapping_is_left_alone),
		CASE(ordinary_mapping_before_it_does_not_count),
		CASE(tracer_without_tracesysgood_does_without),
		CASE(stop_without_tracesysgood_brings_no_signal),
		CASE(two_processes_at_once),
	};

	return cmocka_run_group_tests(tests, map_staged, NULL);
}
