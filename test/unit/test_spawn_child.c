/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the program inherits: next to nothing, whatever the caller has.
 */
#include "spawn.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spawn_world.h"

/* A set of signals in /proc/PID/status, without the two that are libc's own. */
static uint64_t signal_set(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	assert_non_null(line);
	return strtoull(line + strlen(name), NULL, 16) & ~UINT64_C(0x180000000);
}

static void child_has_default_dispositions_and_no_signal_blocked(void **state)
{
	const char *argv[] = { "cat", "/proc/self/status", NULL };
	struct sigaction old[LAST_SIGNAL + 1] = { 0 };
	struct spawn_result result;
	sigset_t all;
	int ret;

	(void)state;
	for (int signo = 1; signo <= LAST_SIGNAL; signo++)
		(void)sigaction(signo, &(struct sigaction){ .sa_handler = SIG_IGN },
				&old[signo]);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);

	ret = spawn_run(argv, 0, &result);

	for (int signo = 1; signo <= LAST_SIGNAL; signo++)
		(void)sigaction(signo, &old[signo], NULL);
	sigprocmask(SIG_SETMASK, &before.mask, NULL);
	assert_int_equal(ret, 0);
	assert_int_equal(signal_set(result.out.text, "SigBlk:"), 0);
	assert_int_equal(signal_set(result.out.text, "SigIgn:"), 0);
	assert_int_equal(signal_set(result.out.text, "SigCgt:"), 0);
}

static void child_has_no_descriptor_above_2(void **state)
{
	const char *argv[] = { "ls", "/proc/self/fd", NULL };
	struct spawn_result result;
	int low = dup(STDERR_FILENO), high = fcntl(low, F_DUPFD, 500L), ret;

	(void)state;
	ret = spawn_run(argv, 0, &result);

	close(low);
	close(high);
	assert_int_equal(ret, 0);
	/* 3 is the directory that ls reads. */
	assert_string_equal(result.out.text, "0\n1\n2\n3\n");
}

static void childs_stdin_is_empty(void **state)
{
	const char *argv[] = { "cat", NULL };
	struct spawn_result result;

	(void)state;
	assert_int_equal(spawn_run(argv, 5000, &result), 0);

	assert_int_equal(result.status, 0);
	assert_int_equal(result.out.length, 0);
}

static void child_leads_a_process_group_of_its_own(void **state)
{
	const char *argv[] = { "cut", "-d", " ", "-f", "1,5", "/proc/self/stat", NULL };
	struct spawn_result result;
	int pid, group;

	(void)state;
	assert_int_equal(spawn_run(argv, 0, &result), 0);

	assert_int_equal(sscanf(result.out.text, "%d %d", &pid, &group), 2);
	assert_int_equal(pid, group);
	assert_int_not_equal(group, getpgrp());
}

static int run_without_streams(unsigned int closed)
{
	const char *argv[] = { "sh", "-c", "cat; echo out; echo err >&2; exit 6", NULL };
	struct spawn_result result;

	for (int fd = 0; fd <= 2; fd++) {
		if (closed & (1U << fd))
			close(fd);
	}

	if (spawn_run(argv, 5000, &result))
		return 1;
	if (result.status != 6 || strcmp(result.out.text, "out\n") != 0 ||
	    strcmp(result.err.text, "err\n") != 0)
		return 2;
	for (int fd = 0; fd <= 2; fd++) {
		if ((closed & (1U << fd)) && fcntl(fd, F_GETFD) >= 0)
			return 3;
	}

	return 0;
}

static void caller_may_have_its_standard_streams_closed(void **state)
{
	(void)state;
	for (unsigned int closed = 0; closed < 8; closed++) {
		pid_t pid = fork();
		int status;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(run_without_streams(closed));

		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, note_world, put_back_signals)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(child_has_default_dispositions_and_no_signal_blocked),
		CASE(child_has_no_descriptor_above_2),
		CASE(childs_stdin_is_empty),
		CASE(child_leads_a_process_group_of_its_own),
		CASE(caller_may_have_its_standard_streams_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
