/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What cannot be read is an error, what is gone is not, and rubbish is no process.
 */
#include "process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "proc_child.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- /proc that is not what it should be ------------------------------------- */

/* What the calls do; nothing set: what they always do. */
static struct {
	const char *children; /* of the first thread that is asked for them */
	int opendir_error;
	int openat_error;
	int read_error;
	bool children_is_nowhere;
} pretend;

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
	if (!pretend.opendir_error)
		return __real_opendir(path);
	errno = pretend.opendir_error;

	return NULL;
}

static int file_of(const char *text)
{
	int fd = memfd_create("children", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ||
	    lseek(fd, 0, SEEK_SET) < 0)
		abort();

	return fd;
}

int __real_openat(int dirfd, const char *path, int flags);
int __wrap_openat(int dirfd, const char *path, int flags);
int __wrap_openat(int dirfd, const char *path, int flags)
{
	const char *children = pretend.children;

	pretend.children = NULL;
	if (children)
		return file_of(children);
	if (!pretend.openat_error)
		return __real_openat(dirfd, path, flags);
	errno = pretend.openat_error;

	return -1;
}

int __real_faccessat(int dirfd, const char *path, int mode, int flags);
int __wrap_faccessat(int dirfd, const char *path, int mode, int flags);
int __wrap_faccessat(int dirfd, const char *path, int mode, int flags)
{
	if (!pretend.openat_error || pretend.children_is_nowhere)
		return __real_faccessat(dirfd, path, mode, flags);
	errno = ENOENT;

	return -1;
}

/* A byte at a time: a number may be in two pieces. */
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size)
{
	if (!pretend.read_error)
		return __real_read(fd, buffer, size ? 1 : 0);
	errno = pretend.read_error;

	return -1;
}

static int set_up(void **state)
{
	memset(&pretend, 0, sizeof(pretend));

	return no_child_yet(state);
}

static int tear_down(void **state)
{
	memset(&pretend, 0, sizeof(pretend));

	return end_child(state);
}

static pid_t *list;
static size_t count;

static int list_myself(void)
{
	list = NULL;
	count = 0;

	return process_tree_list(getpid(), &list, &count);
}

/* --- what the kernel may say ------------------------------------------------------ */

static void numbers_are_put_together_from_pieces(void **state)
{
	char text[64];

	(void)state;
	start_child(NULL);
	snprintf(text, sizeof(text), "%d %d %d ", child, getpid(), child);
	pretend.children = text;

	assert_int_equal(list_myself(), 0);

	assert_int_equal(count, 2);
	assert_int_equal(list[0], getpid());
	assert_int_equal(list[1], child);
	free(list);
}

static void rubbish_is_not_taken_for_a_child(void **state)
{
	static const char *const texts[] = {
		" ",
		"0 ",
		"-1 ",
		"x ",
		"1x ",
		"1\n",
		"1  2 ",
		"4194304 ",
		"1",
		"4294967297 ",
		"18446744073709551617 ",
		"99999999999999999999999 ",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		pretend.children = texts[i];

		if (list_myself() != -EBADMSG || list || count)
			fail_msg("\"%s\": %zu", texts[i], count);
	}
}

static void child_that_is_gone_when_looked_at_is_passed_over(void **state)
{
	(void)state;
	pretend.children = "4194303 "; /* nobody has the last of all pids */

	assert_int_equal(list_myself(), 0);

	assert_int_equal(count, 1);
	free(list);
}

/* --- what cannot be read -------------------------------------------------------- */

static void kernel_that_lists_no_children_is_told_from_a_thread_that_is_gone(void **state)
{
	(void)state;
	pretend.openat_error = ENOENT;
	assert_int_equal(list_myself(), 0);
	assert_int_equal(count, 1);
	free(list);

	pretend.children_is_nowhere = true;
	assert_int_equal(list_myself(), -ENOSYS);
	assert_null(list);
}

static void failure_is_passed_on(void **state)
{
	static const struct {
		int *error;
		int value, expected;
	} failures[] = {
		{ &pretend.opendir_error, EMFILE, -EMFILE },
		{ &pretend.opendir_error, EACCES, -EACCES },
		{ &pretend.opendir_error, ENOENT, -ESRCH },
		{ &pretend.opendir_error, ESRCH, -ESRCH },
		{ &pretend.openat_error, EMFILE, -EMFILE },
		{ &pretend.openat_error, EACCES, -EACCES },
		{ &pretend.openat_error, ESRCH, 0 },
		{ &pretend.read_error, EIO, -EIO },
		{ &pretend.read_error, ESRCH, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		*failures[i].error = failures[i].value;

		assert_int_equal(list_myself(), failures[i].expected);

		*failures[i].error = 0;
		assert_int_equal(count, failures[i].expected == 0);
		free(list);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(numbers_are_put_together_from_pieces),
		CASE(rubbish_is_not_taken_for_a_child),
		CASE(child_that_is_gone_when_looked_at_is_passed_over),
		CASE(kernel_that_lists_no_children_is_told_from_a_thread_that_is_gone),
		CASE(failure_is_passed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
