/* SPDX-License-Identifier: GPL-2.0-only */
#include "spawn_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "clock.h"

struct world before;

static unsigned int count_fds(void)
{
	DIR *fds autoclosedir = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(fds);
	while (readdir(fds))
		count++;

	return count;
}

struct world look(void)
{
	struct world now;

	assert_int_equal(sigaction(SIGCHLD, NULL, &now.action), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &now.mask), 0);
	now.fds = count_fds();

	return now;
}

void assert_same_world(const struct world *then)
{
	struct world now = look();

	assert_ptr_equal(now.action.sa_handler, then->action.sa_handler);
	assert_int_equal(now.action.sa_flags, then->action.sa_flags);
	for (int signo = 1; signo <= LAST_SIGNAL; signo++) {
		assert_int_equal(sigismember(&now.mask, signo),
				 sigismember(&then->mask, signo));
		assert_int_equal(sigismember(&now.action.sa_mask, signo),
				 sigismember(&then->action.sa_mask, signo));
	}
	assert_int_equal(now.fds, then->fds);
}

void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

int note_world(void **state)
{
	(void)state;
	before = look();

	return 0;
}

int put_back_signals(void **state)
{
	(void)state;
	sigaction(SIGCHLD, &before.action, NULL);
	sigprocmask(SIG_SETMASK, &before.mask, NULL);

	return 0;
}

void set_sigchld(void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaddset(&action.sa_mask, SIGUSR1);
	assert_int_equal(sigaction(SIGCHLD, &action, NULL), 0);
}

void adopt_orphans(void)
{
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

void reap_all(void)
{
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}

int run_script(const char *script, unsigned int timeout_ms, struct spawn_result *result)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };

	return spawn_run(argv, timeout_ms, result);
}

void assert_times_out(const char *script)
{
	struct spawn_result result = { .status = -77 };
	int64_t start = clock_ms(), took;

	assert_int_equal(run_script(script, 200, &result), -ETIMEDOUT);

	took = clock_ms() - start;
	assert_true(took >= 200);
	assert_true(took < 200 + SLACK_MS);
	assert_int_equal(result.status, -77);
	assert_same_world(&before);
}
