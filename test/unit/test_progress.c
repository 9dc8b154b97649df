/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a line is due, and what it says, by a clock of the test's own.
 */
#include "progress.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "log.h"

#define MIB (UINT64_C(1) << 20)

static int64_t now_ms;
static char said[256];
static _Atomic unsigned int lines;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	(void)clock;
	ret_now->tv_sec = now_ms / 1000;
	ret_now->tv_nsec = now_ms % 1000 * 1000000;
	return 0;
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list arguments;

	assert_int_equal(level, LOG_LEVEL_INFO);
	va_start(arguments, format);
	vsnprintf(said, sizeof(said), format, arguments);
	va_end(arguments);
	atomic_fetch_add(&lines, 1);
}

static int begin(void **state)
{
	(void)state;
	now_ms = 1000;
	said[0] = '\0';
	atomic_store(&lines, 0);
	return 0;
}

static void what_is_done_soon_is_not_talked_about(void **state)
{
	struct progress progress;

	(void)state;
	progress_begin(&progress, 11, "written", 100 * MIB);
	for (int i = 0; i < 100; i++) {
		now_ms += 49;
		progress_add(&progress, MIB);
	}
	assert_int_equal(atomic_load(&lines), 0);
}

static void a_line_says_how_far_it_is_and_how_fast(void **state)
{
	struct progress progress;

	(void)state;
	progress_begin(&progress, 11, "put back", 4000 * MIB);
	now_ms += 2000;
	progress_add(&progress, 500 * MIB);
	now_ms += 3000;
	progress_add(&progress, 500 * MIB);
	assert_string_equal(said, "cuda_plugin: pid 11: 25 % of 4000 MiB of GPU memory "
				  "put back, 200 MiB/s\n");
	assert_int_equal(atomic_load(&lines), 1);
}

static void the_next_line_comes_an_interval_later(void **state)
{
	struct progress progress;

	(void)state;
	progress_begin(&progress, 11, "written", 1000 * MIB);
	now_ms += 7000;
	progress_add(&progress, MIB);
	now_ms += PROGRESS_INTERVAL_MS - 1;
	progress_add(&progress, MIB);
	assert_int_equal(atomic_load(&lines), 1);
	now_ms += 1;
	progress_add(&progress, MIB);
	assert_int_equal(atomic_load(&lines), 2);
}

static void less_than_a_mebibyte_has_a_percentage_too(void **state)
{
	struct progress progress;

	(void)state;
	progress_begin(&progress, 11, "written", 4096);
	now_ms += PROGRESS_INTERVAL_MS;
	progress_add(&progress, 4096);
	assert_string_equal(said, "cuda_plugin: pid 11: 100 % of 0 MiB of GPU memory "
				  "written, 0 MiB/s\n");
}

static void *add_often(void *progress)
{
	for (int i = 0; i < 10000; i++)
		progress_add(progress, 4096);

	return NULL;
}

static void of_many_threads_one_says_it_and_none_is_lost(void **state)
{
	struct progress progress;
	pthread_t threads[8];

	(void)state;
	progress_begin(&progress, 11, "written", 8 * 10000 * 4096);
	now_ms += PROGRESS_INTERVAL_MS;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_often, &progress),
				 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&lines), 1);
	assert_int_equal(atomic_load(&progress.done), 8 * 10000 * 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_done_soon_is_not_talked_about, begin),
		cmocka_unit_test_setup(a_line_says_how_far_it_is_and_how_fast, begin),
		cmocka_unit_test_setup(the_next_line_comes_an_interval_later, begin),
		cmocka_unit_test_setup(less_than_a_mebibyte_has_a_percentage_too, begin),
		cmocka_unit_test_setup(of_many_threads_one_says_it_and_none_is_lost,
				       begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
