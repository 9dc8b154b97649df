/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The environment that a process was started with.
 */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc_child.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define NAME	      "waits" /* of this program when a test starts it again */

static const char *const environment[] = {
	"ONE=1", "TWICE=first", "EMPTY=", "xNAME=2", "NAMEx=3", "TWICE=second",
	"a=b=c", "without",	"=",	  "LAST=1",  NULL,
};

static void start_with(const char *const variables[])
{
	char name[] = NAME, *words[] = { name, NULL };
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], STDOUT_FILENO);
		execve("/proc/self/exe", words, (char *const *)variables);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static int say_so_and_wait(void)
{
	/* What it changes is not seen. */
	if (setenv("ONE", "2", 1) == 0 && setenv("NEW", "1", 1) == 0 &&
	    write(STDOUT_FILENO, "", 1) == 1)
		for (;;)
			pause();

	return 1;
}

static const struct {
	const char *name;
	const char *value;
	bool with;
} questions[] = {
	{ "ONE", "1", true },	      { "ONE", NULL, true },
	{ "ONE", "", false },	      { "ONE", "2", false },
	{ "ONE", "11", false },	      { "TWICE", "first", true },
	{ "TWICE", "second", false }, { "TWICE", NULL, true },
	{ "EMPTY", "", true },	      { "EMPTY", NULL, true },
	{ "EMPTY", "0", false },      { "NAME", NULL, false },
	{ "NAME", "3", false },	      { "a", "b=c", true },
	{ "a", NULL, true },	      { "without", NULL, false },
	{ "without", "", false },     { "LAST", "1", true },
	{ "LAST", NULL, true },	      { "LAS", NULL, false },
	{ "NEW", NULL, false },	      { "other", NULL, false },
};

static void first_variable_of_the_name_counts_and_any_value_for_null(void **state)
{
	(void)state;
	start_with(environment);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		bool with = !questions[i].with;

		assert_int_equal(proc_started_with(child, questions[i].name,
						   questions[i].value, &with),
				 0);

		if (with != questions[i].with)
			fail_msg("%s=%s: %d", questions[i].name,
				 questions[i].value ? questions[i].value : "...", with);
	}
}

static void process_without_an_environment_has_no_variable(void **state)
{
	static const char *const nothing[] = { NULL };
	bool with = true;

	(void)state;
	start_with(nothing);

	assert_int_equal(proc_started_with(child, "ONE", NULL, &with), 0);
	assert_false(with);
}

static void process_that_is_gone_is_esrch(void **state)
{
	const pid_t nobodies[] = { 0, -1, INT32_MAX };
	bool with = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nobodies); i++)
		assert_int_equal(proc_started_with(nobodies[i], "ONE", NULL, &with),
				 -ESRCH);
	assert_true(with);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, no_child_yet, end_child)

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		CASE(first_variable_of_the_name_counts_and_any_value_for_null),
		CASE(process_without_an_environment_has_no_variable),
		CASE(process_that_is_gone_is_esrch),
	};

	if (argc == 1 && strcmp(argv[0], NAME) == 0)
		return say_so_and_wait();

	return cmocka_run_group_tests(tests, NULL, NULL);
}
