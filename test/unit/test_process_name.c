/* SPDX-License-Identifier: GPL-2.0-only */
#include "doctor/process_name.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#define NAME "test-of-a-process-name" /* longer than what the kernel keeps */

static int error; /* of opendir(), or 0 */

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
	if (!error)
		return __real_opendir(path);

	errno = error;
	return NULL;
}

/* A child with that name, which ends when it is killed. */
static pid_t start(void)
{
	int ready[2];
	pid_t child;
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_NAME, NAME);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}

	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	return child;
}

static void a_process_is_found_by_its_name(void **state)
{
	const pid_t child = start();
	pid_t found = -1, gone = -1;

	(void)state;
	assert_int_equal(process_name_find(NAME, 0, &found), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(process_name_find(NAME, 0, &gone), 0);

	assert_int_equal(found, child);
	assert_int_equal(gone, 0);
}

static void those_of_one_name_are_found_one_after_the_other(void **state)
{
	const pid_t one = start(), other = start();
	pid_t first = -1, second = -1, third = -1;

	(void)state;
	assert_int_equal(process_name_find(NAME, 0, &first), 0);
	assert_int_equal(process_name_find(NAME, first, &second), 0);
	assert_int_equal(process_name_find(NAME, second, &third), 0);
	kill(one, SIGKILL);
	kill(other, SIGKILL);
	waitpid(one, NULL, 0);
	waitpid(other, NULL, 0);

	assert_int_equal(first, one < other ? one : other);
	assert_int_equal(second, one < other ? other : one);
	assert_int_equal(third, 0);
}

static void the_caller_does_not_count(void **state)
{
	pid_t found = -1;

	(void)state;
	prctl(PR_SET_NAME, "test-of-caller");
	assert_int_equal(process_name_find("test-of-caller", 0, &found), 0);
	assert_int_equal(found, 0);
}

static void a_proc_that_cannot_be_read_is_an_error(void **state)
{
	pid_t found = -1;

	(void)state;
	error = EACCES;
	assert_int_equal(process_name_find(NAME, 0, &found), -EACCES);
	error = 0;
	assert_int_equal(found, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_found_by_its_name),
		cmocka_unit_test(those_of_one_name_are_found_one_after_the_other),
		cmocka_unit_test(the_caller_does_not_count),
		cmocka_unit_test(a_proc_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
