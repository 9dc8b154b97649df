/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What cannot be opened, read or understood is an error, and nothing is guessed from it.
 */
#include "proc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* No pid has this value: it shows whether a result was written. */
#define UNTOUCHED ((pid_t)-77)

/* --- /proc that is not what it should be ------------------------------------- */

/* What fopen() gives instead of the file; nothing set: the file. */
static struct {
	const char *content;
	int open_error;
	int read_error;
} pretend;

static ssize_t fail_to_read(void *cookie, char *buffer, size_t size)
{
	(void)cookie;
	(void)buffer;
	(void)size;
	errno = pretend.read_error;

	return -1;
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (pretend.content) {
		FILE *file = tmpfile();

		if (!file || fputs(pretend.content, file) == EOF)
			abort();
		rewind(file);
		return file;
	}
	if (pretend.read_error)
		return fopencookie(NULL, "r",
				   (cookie_io_functions_t){ .read = fail_to_read });
	if (pretend.open_error) {
		errno = pretend.open_error;
		return NULL;
	}

	return __real_fopen(path, mode);
}

static int pretend_nothing(void **state)
{
	(void)state;
	memset(&pretend, 0, sizeof(pretend));

	return 0;
}

/* --- rubbish ------------------------------------------------------------------- */

static const struct {
	const char *content;
	int ret;
	pid_t tracer;
} tracers[] = {
	{ "Name:\tx\nTracerPid:\t7\nUid:\t0\n", 0, 7 },
	{ "TracerPid:\t0\n", 0, 0 },
	{ "TracerPid:\t7", 0, 7 },
	{ "TracerPid: 7\n", 0, 7 },
	{ "TracerPid:\t2147483647\n", 0, 2147483647 },
	{ "Name:\tTracerPid:\t5\nTracerPid:\t7\n", 0, 7 },
	{ "XTracerPid:\t5\nTracerPidX:\t6\nTracerPid:\t7\n", 0, 7 },
	{ "", -EBADMSG, UNTOUCHED },
	{ "\n", -EBADMSG, UNTOUCHED },
	{ "Name:\tx\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid\t7\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\tx\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\t7x\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\t7 8\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\t-1\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\t2147483648\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\t4294967297\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\t99999999999999999999999\n", -EBADMSG, UNTOUCHED },
	{ "TracerPid:\t0000000000000000000000000000000000000000007\n", -EBADMSG,
	  UNTOUCHED },
};

static void tracer_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tracers); i++) {
		pid_t tracer = UNTOUCHED;

		pretend.content = tracers[i].content;

		if (proc_tracer(1, &tracer) != tracers[i].ret ||
		    tracer != tracers[i].tracer)
			fail_msg("\"%s\": %d", tracers[i].content, tracer);
	}
}

static void status_without_a_state_is_unreadable(void **state)
{
	static const char *const contents[] = { "", "Name:\tT\n", "State\tT\n",
						"State:\n", "State:\t\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		bool stopped = true;

		pretend.content = contents[i];

		assert_int_equal(proc_is_stopped(1, &stopped), -EBADMSG);
		assert_true(stopped);
		assert_false(proc_is_gone(1));
	}
}

static void maps_of_rubbish_hold_no_libcuda(void **state)
{
	static const char *const contents[] = { "", "\n", "/\n", "libcuda.so.1\n",
						"///\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		bool maps = true;

		pretend.content = contents[i];

		assert_int_equal(proc_maps_libcuda(1, &maps), 0);
		assert_false(maps);
	}
}

static const struct {
	const char *content;
	int ret;
	uint64_t pages;
} residents[] = {
	{ "100 7 3 1 0 9 0\n", 0, 7 },
	{ "100 0 0 1 0 9 0\n", 0, 0 },
	{ "", -EBADMSG, 77 },
	{ "100\n", -EBADMSG, 77 },
	{ "100 7", -EBADMSG, 77 },
	{ "100 -7 3\n", -EBADMSG, 77 },
	{ "100  7 3\n", -EBADMSG, 77 },
	{ "100 x 3\n", -EBADMSG, 77 },
	{ "100 99999999999999999999999 3\n", -EBADMSG, 77 },
	{ "100 18446744073709551615 3\n", -EBADMSG, 77 },
};

static void resident_memory_is_read_whole_or_not_at_all(void **state)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(residents); i++) {
		uint64_t bytes = 77 * page;

		pretend.content = residents[i].content;

		if (proc_resident(1, &bytes) != residents[i].ret ||
		    bytes != residents[i].pages * page)
			fail_msg("\"%s\": %llu", residents[i].content,
				 (unsigned long long)bytes);
	}
}

/* --- nothing at all -------------------------------------------------------------- */

static const struct {
	int error;
	int expected;
} errors[] = {
	{ ENOENT, -ESRCH }, { ESRCH, -ESRCH },	 { EACCES, -EACCES },
	{ EPERM, -EPERM },  { EMFILE, -EMFILE }, { EIO, -EIO },
};

static void assert_all_fail(int expected)
{
	bool maps = true, with = true, stopped = true;
	uint64_t mask = 77, bytes = 77;
	pid_t tracer = UNTOUCHED;

	assert_int_equal(proc_maps_libcuda(1, &maps), expected);
	assert_int_equal(proc_started_with(1, "A", NULL, &with), expected);
	assert_int_equal(proc_tracer(1, &tracer), expected);
	assert_int_equal(proc_is_stopped(1, &stopped), expected);
	assert_int_equal(proc_signals(1, PROC_BLOCKED, &mask), expected);
	assert_int_equal(proc_resident(1, &bytes), expected);
	assert_int_equal(bytes, 77);
	assert_int_equal(proc_is_gone(1), expected == -ESRCH);
	assert_true(maps && with && stopped);
	assert_int_equal(tracer, UNTOUCHED);
	assert_int_equal(mask, 77);
}

static void file_that_cannot_be_opened_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		pretend.open_error = errors[i].error;

		assert_all_fail(errors[i].expected);
	}
}

static void file_that_cannot_be_read_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		pretend.read_error = errors[i].error;

		assert_all_fail(errors[i].expected);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, pretend_nothing, pretend_nothing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(tracer_is_read_whole_or_not_at_all),
		CASE(status_without_a_state_is_unreadable),
		CASE(maps_of_rubbish_hold_no_libcuda),
		CASE(resident_memory_is_read_whole_or_not_at_all),
		CASE(file_that_cannot_be_opened_says_why),
		CASE(file_that_cannot_be_read_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
