/* SPDX-License-Identifier: GPL-2.0-only */
#include "criu_process.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "criu_run.h"

#define CHILD_PATIENCE_MS 2000

static void count_alarm(int signal)
{
	(void)signal;
	report->alarms++;
}

/* A tracer has to reap the threads of what it killed, too. */
static bool is_task(pid_t tid)
{
	for (size_t i = 0; i < criu->count; i++)
		if (task_has_thread(criu->tasks[i], tid))
			return true;

	return false;
}

/* As CRIU's, which takes whatever has ended. */
static void reap_all(int signal)
{
	const int saved = errno;
	pid_t pid;

	(void)signal;
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		report->stolen += !is_task(pid);
	errno = saved;
}

/* The plugin's death is CRIU's: cmocka would go on after it. */
static void die_of_exceptions(void)
{
	static const int exceptions[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };

	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		signal(exceptions[i], SIG_DFL);
}

void criu_process_handle_signals(void)
{
	const struct sigaction child = { .sa_handler = reap_all,
					 .sa_flags = SA_NOCLDSTOP | SA_RESTART };
	const struct sigaction alarm = { .sa_handler = count_alarm };

	die_of_exceptions();
	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGALRM, &alarm, NULL);
}

void criu_process_read_signals(struct criu_signals *ret_signals)
{
	memset(ret_signals, 0, sizeof(*ret_signals));
	sigaction(SIGCHLD, NULL, &ret_signals->child);
	sigaction(SIGALRM, NULL, &ret_signals->alarm);
	sigaction(SIGPIPE, NULL, &ret_signals->pipe);
	sigprocmask(SIG_SETMASK, NULL, &ret_signals->mask);
}

static bool same_action(const struct sigaction *a, const struct sigaction *b)
{
	return a->sa_handler == b->sa_handler && a->sa_flags == b->sa_flags;
}

bool criu_process_same_signals(const struct criu_signals *a, const struct criu_signals *b)
{
	for (int i = 1; i < SIGRTMAX; i++)
		if (sigismember(&a->mask, i) != sigismember(&b->mask, i))
			return false;

	return same_action(&a->child, &b->child) && same_action(&a->alarm, &b->alarm) &&
	       same_action(&a->pipe, &b->pipe);
}

int criu_process_descriptors(void)
{
	DIR *fds = opendir("/proc/self/fd");
	int count = 0;

	while (fds && readdir(fds))
		count++;
	if (fds)
		closedir(fds);

	return count;
}

unsigned int criu_process_children(void)
{
	unsigned int count = 0;
	pid_t pid;

	for (int ms = 0; ms < CHILD_PATIENCE_MS; ms += !pid) {
		pid = waitpid(-1, NULL, WNOHANG | __WALL);
		if (pid < 0)
			return count;
		if (pid == 0)
			usleep(1000);
		else if (!is_task(pid))
			count++;
	}

	return count + 1;
}
