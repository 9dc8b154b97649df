/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "alive.h"

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void sleeps(void)
{
	wait_for_ever(NULL);
}

static void loses_its_first_thread(void)
{
	pthread_t thread;

	prctl(PR_SET_NAME, "odd) Z 1 (name");
	if (pthread_create(&thread, NULL, wait_for_ever, NULL) == 0)
		pthread_exit(NULL);
}

static pid_t start(void (*live)(void))
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		live();
		_exit(1);
	}
	return pid;
}

static void end(pid_t pid)
{
	siginfo_t info;

	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static char state_of(pid_t pid)
{
	char path[64], line[1024] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	return strrchr(line, ')')[2];
}

static void who_lives_has_not_ended(void **state)
{
	pid_t pid = start(sleeps);

	(void)state;
	assert_false(alive_has_ended(getpid()));
	assert_false(alive_has_ended(1));
	assert_false(alive_has_ended(pid));
	assert_int_equal(kill(pid, SIGSTOP), 0);
	assert_false(alive_has_ended(pid));

	end(pid);
	waitpid(pid, NULL, 0);
}

static void a_zombie_has_ended(void **state)
{
	pid_t pid = start(sleeps);

	(void)state;
	end(pid);
	assert_true(alive_has_ended(pid));

	waitpid(pid, NULL, 0);
	assert_true(alive_has_ended(pid));
}

static void the_end_of_the_first_thread_is_not_that_of_the_process(void **state)
{
	pid_t pid = start(loses_its_first_thread);

	(void)state;
	for (int i = 0; i < 1000 && state_of(pid) != 'Z'; i++)
		usleep(10000);
	assert_int_equal(state_of(pid), 'Z');
	assert_false(alive_has_ended(pid));

	end(pid);
	assert_true(alive_has_ended(pid));
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_lives_has_not_ended),
		cmocka_unit_test(a_zombie_has_ended),
		cmocka_unit_test(the_end_of_the_first_thread_is_not_that_of_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
