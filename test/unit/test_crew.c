/* SPDX-License-Identifier: GPL-2.0-only */
#include "crew.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PIECES 1000

/* Threads that the system gives; the rest is refused. */
static unsigned int threads_left = UINT32_MAX;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*run)(void *), void *argument)
{
	if (threads_left == 0)
		return EAGAIN;

	threads_left--;
	return __real_pthread_create(thread, attributes, run, argument);
}

/* What the pieces did. */
struct done {
	atomic_uint times[PIECES];
	atomic_bool busy[CREW_HANDS_MAX];
	atomic_bool shared, unblocked;
	pthread_t caller;
	uint64_t fail_from; /* pieces from here on fail with -EIO */
};

static bool blocks_signals(void)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	return sigismember(&mask, SIGCHLD) == 1 && sigismember(&mask, SIGTERM) == 1;
}

static int piece(void *subject, unsigned int hand, uint64_t number,
		 char ret_reason[REASON_MAX])
{
	struct done *done = subject;

	if (atomic_exchange(&done->busy[hand], true))
		done->shared = true;
	if (!pthread_equal(pthread_self(), done->caller) && !blocks_signals())
		done->unblocked = true;
	atomic_fetch_add(&done->times[number], 1);
	done->busy[hand] = false;

	if (number >= done->fail_from)
		return reason_set(ret_reason, -EIO, "piece %u", (unsigned int)number);
	return 0;
}

static int run(struct done *done, unsigned int hands, uint64_t count, uint64_t fail_from,
	       char ret_reason[REASON_MAX])
{
	const struct crew_work work = { .piece = piece, .subject = done, .count = count };

	memset(done, 0, sizeof(*done));
	done->caller = pthread_self();
	done->fail_from = fail_from;
	return crew_run(&work, crew_hands(hands, count), ret_reason);
}

static void check_all_done_once(const struct done *done, uint64_t count)
{
	for (uint64_t i = 0; i < PIECES; i++)
		assert_int_equal(done->times[i], i < count);
	assert_false(done->shared);
	assert_false(done->unblocked);
}

static void each_piece_is_done_once(void **state)
{
	static const uint64_t counts[] = { 0, 1, 2, 63, 64, 65, PIECES };
	char reason[REASON_MAX];
	struct done done;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		for (unsigned int hands = 0; hands < 70; hands += 7) {
			assert_int_equal(run(&done, hands, counts[i], PIECES, reason), 0);
			check_all_done_once(&done, counts[i]);
		}
	}
}

static void there_are_no_more_hands_than_pieces(void **state)
{
	(void)state;
	assert_int_equal(crew_hands(0, 0), 1);
	assert_int_equal(crew_hands(0, 5), 1);
	assert_int_equal(crew_hands(8, 0), 1);
	assert_int_equal(crew_hands(8, 5), 5);
	assert_int_equal(crew_hands(5, 8), 5);
	assert_int_equal(crew_hands(UINT32_MAX, UINT64_MAX), CREW_HANDS_MAX);
}

static void the_signal_mask_of_the_caller_is_as_before(void **state)
{
	char reason[REASON_MAX];
	sigset_t mask, now;
	struct done done;

	(void)state;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	assert_int_equal(run(&done, 4, PIECES, PIECES, reason), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &now);

	for (int signal = 1; signal < 32; signal++)
		assert_int_equal(sigismember(&now, signal), signal == SIGUSR2);
}

static void threads_that_cannot_be_had_are_done_without(void **state)
{
	char reason[REASON_MAX];
	struct done done;

	(void)state;
	for (unsigned int left = 0; left < 4; left++) {
		threads_left = left;
		assert_int_equal(run(&done, 4, PIECES, PIECES, reason), 0);
		check_all_done_once(&done, PIECES);
	}
	threads_left = UINT32_MAX;
}

static void first_failure_ends_it_and_is_told(void **state)
{
	char reason[REASON_MAX];
	struct done done;

	(void)state;
	assert_int_equal(run(&done, 1, PIECES, 500, reason), -EIO);
	assert_string_equal(reason, "piece 500");
	assert_int_equal(done.times[500], 1);
	assert_int_equal(done.times[501], 0);

	for (unsigned int hands = 2; hands < 9; hands++) {
		unsigned int begun = 0;

		assert_int_equal(run(&done, hands, PIECES, 500, reason), -EIO);
		for (uint64_t i = 500; i < PIECES; i++)
			begun += done.times[i];
		assert_in_range(begun, 1, hands);
		assert_int_equal(strncmp(reason, "piece 50", 8), 0);
	}
}

static void enotsup_is_nobodys_error_and_a_reason_is_cut(void **state)
{
	char reason[REASON_MAX];

	(void)state;
	assert_int_equal(reason_set(reason, -ENOTSUP, "%600d", 1), -EIO);
	assert_int_equal(strlen(reason), REASON_MAX - 1);
	assert_int_equal(reason_set(reason, -ENOSPC, "full"), -ENOSPC);
	assert_string_equal(reason, "full");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_piece_is_done_once),
		cmocka_unit_test(there_are_no_more_hands_than_pieces),
		cmocka_unit_test(the_signal_mask_of_the_caller_is_as_before),
		cmocka_unit_test(threads_that_cannot_be_had_are_done_without),
		cmocka_unit_test(first_failure_ends_it_and_is_told),
		cmocka_unit_test(enotsup_is_nobodys_error_and_a_reason_is_cut),
	};

	return cmocka_run_group_tests_name("crew", tests, NULL, NULL);
}
