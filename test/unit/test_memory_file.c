/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "file_tree.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* No file has this number: it shows whether a result was written. */
#define UNTOUCHED 77777777

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	assert_string_equal(mode, "re");
	return file_tree_open(path);
}

static int begin(void **state)
{
	(void)state;
	file_tree_clear();
	return 0;
}

struct reading {
	const char *content;
	int ret;
	uint64_t number;
};

static const struct reading numbers[] = {
	{ "0\n", 0, 0 },
	{ "9223372036854771712\n", 0, 9223372036854771712U },
	{ "18446744073709551614\n", 0, UINT64_MAX - 1 },
	{ "max\n", 0, MEMORY_FILE_MAX },
	{ "", -EBADMSG, UNTOUCHED },
	{ "\n", -EBADMSG, UNTOUCHED },
	{ "7", -EBADMSG, UNTOUCHED },
	{ "max", -EBADMSG, UNTOUCHED },
	{ "maximum\n", -EBADMSG, UNTOUCHED },
	{ "-1\n", -EBADMSG, UNTOUCHED },
	{ " 1\n", -EBADMSG, UNTOUCHED },
	{ "1x\n", -EBADMSG, UNTOUCHED },
	{ "1 2\n", -EBADMSG, UNTOUCHED },
	{ "18446744073709551616\n", -EBADMSG, UNTOUCHED },
};

static void number_is_read_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t number = UNTOUCHED;
		int ret;

		file_tree_add("/a/file", "%s", numbers[i].content);

		ret = memory_file_read("/a", "file", NULL, &number);

		if (ret != numbers[i].ret || number != numbers[i].number)
			fail_msg("\"%s\": %d, %lu", numbers[i].content, ret, number);
	}
}

static const struct reading fields[] = {
	{ "MemAvailable:   49160 kB\n", 0, 49160 * 1024 },
	{ "MemTotal: 5 kB\nMemAvailable: 7 kB\nBuffers: 9 kB\n", 0, 7 * 1024 },
	{ "anon 5\nMemAvailable 7\nfile 9\n", 0, 7 },
	{ "MemAvailableX 5\nXMemAvailable 6\nMemAvailable 7\n", 0, 7 },
	{ "MemAvailable: 18014398509481983 kB\n", 0, UINT64_MAX / 1024 * 1024 },
	{ "", -EBADMSG, UNTOUCHED },
	{ "MemTotal: 5 kB\n", -EBADMSG, UNTOUCHED },
	{ "MemAvailable:\n", -EBADMSG, UNTOUCHED },
	{ "MemAvailable: \n", -EBADMSG, UNTOUCHED },
	{ "MemAvailable: x kB\n", -EBADMSG, UNTOUCHED },
	{ "MemAvailable: -7 kB\n", -EBADMSG, UNTOUCHED },
	{ "MemAvailable: 7 MB\n", -EBADMSG, UNTOUCHED },
	{ "MemAvailable: 7 kB more\n", -EBADMSG, UNTOUCHED },
	{ "MemAvailable: 18014398509481984 kB\n", -EBADMSG, UNTOUCHED },
};

static void field_is_found_by_its_whole_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t number = UNTOUCHED;
		int ret;

		file_tree_add("/a/file", "%s", fields[i].content);

		ret = memory_file_read("/a", "file", "MemAvailable", &number);

		if (ret != fields[i].ret || number != fields[i].number)
			fail_msg("\"%s\": %d, %lu", fields[i].content, ret, number);
	}
}

static void assert_both_fail(int expected)
{
	uint64_t number = UNTOUCHED;

	assert_int_equal(memory_file_read("/a", "file", NULL, &number), expected);
	assert_int_equal(memory_file_read("/a", "file", "key", &number), expected);
	assert_int_equal(number, UNTOUCHED);
}

static void file_that_cannot_be_had_says_why(void **state)
{
	(void)state;
	assert_both_fail(-ENOENT);
	file_tree_fail_open("/a/file", EACCES);
	assert_both_fail(-EACCES);
	file_tree_fail_read("/a/file", ENODEV);
	assert_both_fail(-ENODEV);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(number_is_read_whole_or_not_at_all),
		CASE(field_is_found_by_its_whole_key),
		CASE(file_that_cannot_be_had_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
