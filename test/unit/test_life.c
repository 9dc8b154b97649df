/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a process is still the one it was: real processes, and a /proc that cannot be
 * read.
 */
#include "life.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NO_PID 0x3fffffff /* above any pid_max */

/* What a read fails with; 0: it does not. */
static int read_error;

char *__real_fgets(char *line, int size, FILE *file);
char *__wrap_fgets(char *line, int size, FILE *file);
char *__wrap_fgets(char *line, int size, FILE *file)
{
	if (!read_error)
		return __real_fgets(line, size, file);

	errno = read_error;
	return NULL;
}

static int read_well(void **state)
{
	(void)state;
	read_error = 0;

	return 0;
}

static pid_t start_child(const char *name)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;

	prctl(PR_SET_NAME, name);
	for (;;)
		pause();
}

/* Its zombie is left. */
static void end_child(pid_t pid)
{
	siginfo_t info;

	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void process_goes_on_under_its_pid_and_start(void **state)
{
	pid_t pid = start_child("child");
	uint64_t start;

	(void)state;

	assert_int_equal(life_start(pid, &start), 0);

	assert_true(life_goes_on(pid, start));
	assert_false(life_is_ending(pid));
	end_child(pid);
	waitpid(pid, NULL, 0);
}

static void other_process_under_the_same_pid_is_another(void **state)
{
	uint64_t start;

	(void)state;

	assert_int_equal(life_start(getpid(), &start), 0);

	assert_false(life_goes_on(getpid(), start + 1));
}

static void zombie_does_not_go_on(void **state)
{
	pid_t pid = start_child("child");
	uint64_t start;

	(void)state;
	assert_int_equal(life_start(pid, &start), 0);
	end_child(pid);

	assert_false(life_goes_on(pid, start));
	assert_true(life_is_ending(pid));
	waitpid(pid, NULL, 0);
}

static void pid_of_nobody_is_gone(void **state)
{
	uint64_t start = 7;

	(void)state;

	assert_int_equal(life_start(NO_PID, &start), -ESRCH);

	assert_int_equal(start, 7);
	assert_false(life_goes_on(NO_PID, 0));
	assert_true(life_is_ending(NO_PID));
}

/* The name is the second field, in parentheses, and may hold any of the others. */
static void name_does_not_hide_the_fields(void **state)
{
	pid_t pid = start_child(") Z 1 (x y");
	uint64_t start, plain_start;

	(void)state;

	assert_int_equal(life_start(getpid(), &plain_start), 0);
	assert_int_equal(life_start(pid, &start), 0);

	assert_true(start >= plain_start);
	assert_true(life_goes_on(pid, start));
	end_child(pid);
	waitpid(pid, NULL, 0);
}

static void what_cannot_be_read_is_no_proof_of_an_end(void **state)
{
	uint64_t start, unread = 7;

	(void)state;
	assert_int_equal(life_start(getpid(), &start), 0);

	read_error = ENOMEM;

	assert_true(life_goes_on(getpid(), start));
	assert_false(life_is_ending(getpid()));
	assert_int_equal(life_start(getpid(), &unread), -ENOMEM);
	assert_int_equal(unread, 7);
}

/* The kernel's answer when it ends between the open and the read. */
static void process_that_ends_while_it_is_read_is_gone(void **state)
{
	uint64_t start;

	(void)state;
	assert_int_equal(life_start(getpid(), &start), 0);

	read_error = ESRCH;

	assert_false(life_goes_on(getpid(), start));
	assert_true(life_is_ending(getpid()));
	assert_int_equal(life_start(getpid(), &start), -ESRCH);
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void wait_for_zombie(pid_t pid, uint64_t start)
{
	while (life_goes_on(pid, start))
		usleep(1000);
}

static void zombie_with_a_thread_left_is_not_over(void **state)
{
	uint64_t start;
	pthread_t thread;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		pthread_create(&thread, NULL, wait_for_ever, NULL);
		syscall(SYS_exit, 0); /* this thread alone */
	}
	assert_int_equal(life_start(pid, &start), 0);
	wait_for_zombie(pid, start);

	assert_false(life_is_over(pid, start));

	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	assert_true(life_is_over(pid, start));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(life_is_over(pid, start));
}

static void process_that_goes_on_is_not_over(void **state)
{
	uint64_t start;

	(void)state;
	assert_int_equal(life_start(getpid(), &start), 0);
	assert_false(life_is_over(getpid(), start));
	assert_true(life_is_over(getpid(), start + 1)); /* that was another one */
	assert_true(life_is_over(NO_PID, start));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_goes_on_under_its_pid_and_start),
		cmocka_unit_test(other_process_under_the_same_pid_is_another),
		cmocka_unit_test(zombie_does_not_go_on),
		cmocka_unit_test(zombie_with_a_thread_left_is_not_over),
		cmocka_unit_test(process_that_goes_on_is_not_over),
		cmocka_unit_test(pid_of_nobody_is_gone),
		cmocka_unit_test(name_does_not_hide_the_fields),
		cmocka_unit_test_teardown(what_cannot_be_read_is_no_proof_of_an_end,
					  read_well),
		cmocka_unit_test_teardown(process_that_ends_while_it_is_read_is_gone,
					  read_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
