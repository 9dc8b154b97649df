/* SPDX-License-Identifier: GPL-2.0-only */
#include "watch/open_files.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED     77

static void position_is_read_whole_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t position;
	} cases[] = {
		{ "pos:\t4096\nflags:\t0100000\n", 0, 4096 },
		{ "pos:\t0\n", 0, 0 },
		{ "pos:\t9223372036854775807\n", 0, INT64_MAX },
		{ "", -EBADMSG, UNTOUCHED },
		{ "pos:", -EBADMSG, UNTOUCHED },
		{ "pos:\t\n", -EBADMSG, UNTOUCHED },
		{ "pos:\t12", -EBADMSG, UNTOUCHED },
		{ "pos:\t-1\n", -EBADMSG, UNTOUCHED },
		{ "pos:\t 1\n", -EBADMSG, UNTOUCHED },
		{ "pos:\t1x\n", -EBADMSG, UNTOUCHED },
		{ "flags:\t1\npos:\t1\n", -EBADMSG, UNTOUCHED },
		{ "pos:\t99999999999999999999999\n", -EBADMSG, UNTOUCHED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t position = UNTOUCHED;

		assert_int_equal(open_file_parse_position(cases[i].text, &position),
				 cases[i].ret);
		assert_true(position == cases[i].position);
	}
}

/* One of our own, and what is known of it. */
static struct {
	int number;
	unsigned int seen, others;
	struct open_file file;
} own;

static void see(void *subject, const struct open_file *file)
{
	assert_ptr_equal(subject, &own);
	assert_int_equal(file->pid, getpid());
	if (file->number == own.number) {
		own.seen++;
		own.file = *file;
	} else {
		own.others++;
	}
}

static void open_file_is_seen_with_its_position(void **state)
{
	char path[] = "/tmp/open-files-XXXXXX", text[8] = "";
	struct stat stat;
	int fd;

	(void)state;
	own.number = mkstemp(path);
	assert_true(own.number >= 0);
	assert_int_equal(write(own.number, "0123456789", 10), 10);
	assert_int_equal(fstat(own.number, &stat), 0);
	open_files_walk(getpid(), see, &own);

	assert_int_equal(own.seen, 1);
	assert_true(own.others > 0);
	assert_int_equal(own.file.stat.st_ino, stat.st_ino);
	assert_int_equal(own.file.stat.st_dev, stat.st_dev);
	assert_int_equal(open_file_position(&own.file), 10);
	assert_int_equal(lseek(own.number, 1 << 20, SEEK_SET), 1 << 20);
	assert_int_equal(open_file_position(&own.file), 1 << 20);
	assert_true(open_file_is_named(&own.file, path + strlen(path) - 6));
	assert_false(open_file_is_named(&own.file, ".log"));

	fd = open_file_share(&own.file, 0);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof(text) - 1), 7);
	assert_string_equal(text, "0123456");
	assert_int_equal(write(fd, "x", 1), -1);
	close(fd);
	assert_int_equal(open_file_share(&own.file, O_DIRECTORY), -ENOTDIR);
	close(own.number);
	unlink(path);
	assert_int_equal(open_file_position(&own.file), 0);
}

static void process_that_is_gone_has_none(void **state)
{
	(void)state;
	own.seen = own.others = 0;
	open_files_walk(INT32_MAX, see, &own);
	assert_int_equal(own.seen + own.others, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(position_is_read_whole_or_not_at_all),
		cmocka_unit_test(open_file_is_seen_with_its_position),
		cmocka_unit_test(process_that_is_gone_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
