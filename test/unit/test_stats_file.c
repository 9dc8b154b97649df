/* SPDX-License-Identifier: GPL-2.0-only */
#include "stats_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "timeline.h"

static char directory[] = "/tmp/test_stats_file.XXXXXX";
static char path[64];

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/stats", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	remove(path);
	return rmdir(directory);
}

static void holds(const char *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void assert_line(unsigned long number, const char *expected)
{
	char *line autofree = NULL;
	size_t length;

	assert_int_equal(stats_file_line(path, number, &line, &length), 0);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(line, expected, length);
}

static void assert_refused(unsigned long number, int error)
{
	char *untouched = NULL;
	size_t length;

	assert_int_equal(stats_file_line(path, number, &untouched, &length), error);
	assert_null(untouched);
}

static void each_line_is_found_and_the_last(void **state)
{
	(void)state;
	holds("one\ntwo\nthree\n", 14);
	assert_line(1, "one\n");
	assert_line(2, "two\n");
	assert_line(3, "three\n");
	assert_line(0, "three\n");
	assert_refused(4, -ENODATA);
}

static void a_last_line_without_a_newline_is_one(void **state)
{
	(void)state;
	holds("one\ntw", 6);
	assert_line(0, "tw");
	assert_line(2, "tw");
	assert_refused(3, -ENODATA);
}

static void an_empty_file_has_none(void **state)
{
	(void)state;
	holds("", 0);
	assert_refused(0, -ENODATA);
	assert_refused(1, -ENODATA);
}

static void lines_that_are_longer_than_a_block_are_whole(void **state)
{
	char *bytes autofree = malloc(200002);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'a', 200001);
	bytes[99999] = '\n';
	bytes[200001] = '\0';
	holds(bytes, 200001);
	assert_line(2, bytes + 100000);
	bytes[100000] = '\0';
	assert_line(1, bytes);
}

static void a_line_that_is_too_long_is_refused_and_others_are_not(void **state)
{
	const size_t length = TIMELINE_LINE_MAX + 200000;
	char *bytes autofree = malloc(length);

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 'a', length);
	bytes[length - 5] = '\n';
	bytes[length - 1] = '\n';
	holds(bytes, length);
	assert_refused(1, -EFBIG);
	assert_line(2, "aaa\n");
	assert_line(0, "aaa\n");
	holds(bytes, length - 5);
	assert_refused(0, -EFBIG);
}

static void what_is_no_file_is_refused(void **state)
{
	char *line = NULL;
	size_t length;

	(void)state;
	remove(path);
	assert_refused(0, -ENOENT);
	assert_int_equal(stats_file_line(directory, 0, &line, &length), -EINVAL);
	assert_int_equal(stats_file_line("/dev/zero", 0, &line, &length), -EINVAL);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(0, -EINVAL);
	remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_found_and_the_last),
		cmocka_unit_test(a_last_line_without_a_newline_is_one),
		cmocka_unit_test(an_empty_file_has_none),
		cmocka_unit_test(lines_that_are_longer_than_a_block_are_whole),
		cmocka_unit_test(a_line_that_is_too_long_is_refused_and_others_are_not),
		cmocka_unit_test(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
