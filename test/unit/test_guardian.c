/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guardian is a process of its own, that CRIU does not notice.
 */
#include "guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guardian_world.h"

static void signals_to_the_group_of_criu_do_not_reach_it(void **state)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGKILL };
	pid_t criu = start_criu(CUDA_RUNNING, wait_for_signal);
	pid_t guardian = find_guardian();

	(void)state;
	assert_int_not_equal(getpgid(guardian), getpgid(criu));
	assert_int_not_equal(getsid(guardian), getsid(0));

	for (size_t i = 0; i < 3; i++)
		kill(guardian, signals[i]);
	for (size_t i = 0; i < 4; i++)
		kill(-criu, signals[i]);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
}

/* CRIU may wait for any child: it must have none of ours. */
static void expect_no_child(struct guardian *guardian)
{
	(void)guardian;
	if (waitpid(-1, NULL, __WALL) != -1 || errno != ECHILD)
		_exit(2);
	guardian_pay(guardian, debtor);
}

static void guardian_is_no_child_of_criu(void **state)
{
	pid_t criu = start_criu(CUDA_RUNNING, expect_no_child);
	int status;

	(void)state;

	assert_int_equal(waitpid(criu, &status, 0), criu);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	wait_for_end();
}

static size_t count_descriptors(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	size_t count = 0;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fds = opendir(path);
	assert_non_null(fds);
	while ((entry = readdir(fds)))
		count += entry->d_name[0] != '.';
	closedir(fds);
	return count;
}

/* Its streams, and a pidfd of CRIU. */
static void nothing_is_kept_open_but_the_folder_and_the_store(void **state)
{
	int of_criu = open("/dev/null", O_RDONLY);
	pid_t criu = start_criu(CUDA_RUNNING, wait_for_signal);
	pid_t guardian = find_guardian();

	(void)state;
	sleep_ms(50);

	assert_int_equal(count_descriptors(guardian), 6);

	close(of_criu);
	kill(criu, SIGKILL);
	wait_for_end();
}

static void paying_without_a_debt_starts_nothing(void **state)
{
	const struct tool tool = { .program = PROGRAM };
	struct guardian guardian;

	(void)state;

	guardian_init(&guardian, &tool, -1);
	guardian_pay(&guardian, debtor);
	guardian_release(&guardian);

	assert_int_equal(atomic_load(&guardian_world->brought), 0);
}

static void dismiss_and_stay(struct guardian *guardian)
{
	sleep_ms(300);
	guardian_dismiss(guardian);
	wait_for_signal(guardian);
}

/* Of a restore: CRIU may go on for as long as the program does. */
static void guardian_that_is_dismissed_ends_before_criu(void **state)
{
	pid_t criu = start_criu(CUDA_RUNNING, dismiss_and_stay);
	pid_t guardian = find_guardian();

	(void)state;
	assert_int_equal(waitpid(guardian, NULL, 0), guardian);

	assert_int_equal(waitpid(criu, NULL, WNOHANG), 0);
	kill(criu, SIGKILL);
	wait_for_end();
	assert_int_equal(atomic_load(&guardian_world->brought), 0);
}

#define claim(name) \
	cmocka_unit_test_setup_teardown(name, begin_guardian_world, end_guardian_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(signals_to_the_group_of_criu_do_not_reach_it),
		claim(guardian_is_no_child_of_criu),
		claim(nothing_is_kept_open_but_the_folder_and_the_store),
		claim(guardian_that_is_dismissed_ends_before_criu),
		claim(paying_without_a_debt_starts_nothing),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
