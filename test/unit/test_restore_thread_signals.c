/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals that arrive before the stop and are not tended: SIGTRAP, SIGSTOP, SIGCONT.
 */
#include "restore_thread.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "restore_target.h"

static bool trap_handled(void)
{
	return shared->trap != 0;
}

static void handler_of_sigtrap_starts_later_and_gives_the_mask_back(void **state)
{
	struct restore_thread thread;
	uint64_t before;

	(void)state;
	start_target(body_count, true);
	before = mask_of(restore_tid());

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	syscall(SYS_tgkill, target, restore_tid(), SIGTRAP);
	usleep(A_WHILE_US);
	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_held(restore_tid());
	assert_int_equal(shared->trap, 0);

	detach_all();
	await(trap_handled);
	note_counts();
	await(restore_thread_went_on);
	assert_int_equal(shared->trap, 1);
	assert_int_equal(shared->blocked, before);
}

static bool target_is_stopped(void)
{
	return state_of(target) == 'T' && state_of(restore_tid()) == 'T';
}

static void sigstop_is_not_lost(void **state)
{
	struct restore_thread thread;
	uint64_t before;

	(void)state;
	start_target(body_count, false);
	before = mask_of(restore_tid());

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	kill(target, SIGSTOP);
	usleep(A_WHILE_US);
	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_held(restore_tid());
	assert_int_equal(mask_of(restore_tid()), before);

	detach_all();
	await(target_is_stopped);
	note_counts();
	kill(target, SIGCONT);
	await(restore_thread_went_on);
}

/* A SIGCONT halts each seized thread once: no second stop may follow ours. */
static void sigcont_leaves_no_stop_behind(void **state)
{
	struct restore_thread thread;

	(void)state;
	start_target(body_count, false);

	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
				 0);
		kill(target, SIGCONT);
		if (i % 2)
			usleep(1000);
		assert_int_equal(restore_thread_stop(&thread), 0);
		assert_held(restore_tid());
		assert_next_stop_is_a_system_call(restore_tid());
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_target_yet, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(handler_of_sigtrap_starts_later_and_gives_the_mask_back),
		CASE(sigstop_is_not_lost),
		CASE(sigcont_leaves_no_stop_behind),
	};

	return cmocka_run_group_tests(tests, map_shared, NULL);
}
