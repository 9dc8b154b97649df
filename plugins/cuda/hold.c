/* SPDX-License-Identifier: GPL-2.0-only */
#include "hold.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "clock.h"
#include "proc.h"

#define STOP_MS	      1000 /* that a thread may take to stop */
#define LOOK_MS	      1
#define PASSES_MAX    100 /* over threads that begin new ones */
#define TASK_PATH_MAX 32  /* "/proc/PID/task" */

static bool is_held(const struct hold *hold, pid_t tid)
{
	for (size_t i = 0; i < hold->count; i++)
		if (hold->threads[i].tid == tid)
			return true;

	return false;
}

/* Wait for the stop of @tid. Return: 0 with the signal it holds up; -ESRCH; -ETIME. */
static int wait_for_stop(pid_t tid, int *ret_signo)
{
	const int64_t end = clock_ms() + STOP_MS;
	int status;
	pid_t got;

	while ((got = waitpid(tid, &status, WNOHANG | __WALL)) == 0) {
		if (clock_ms() > end)
			return -ETIME;
		clock_sleep_ms(LOOK_MS);
	}
	if (got < 0 || !WIFSTOPPED(status))
		return -ESRCH;

	/* Stopped by the interrupt, or by a signal that was faster. */
	*ret_signo = status >> 16 ? 0 : WSTOPSIG(status);
	return 0;
}

/*
 * A signal was faster than the interrupt: let it be delivered, and stop the thread before
 * its handler has begun. Else the thread could not be let run without losing it.
 */
static int deliver(pid_t tid, int *signo)
{
	int ret = 0;

	while (!ret && *signo) {
		if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 ||
		    ptrace(PTRACE_CONT, tid, NULL, (void *)(long)*signo) < 0)
			return -errno;

		ret = wait_for_stop(tid, signo);
	}

	return ret;
}

int hold_thread(struct hold *hold, pid_t tid)
{
	struct held_thread *threads, thread = { .tid = tid };
	bool ours;
	int ret;

	threads = realloc(hold->threads, (hold->count + 1) * sizeof(*threads));
	if (!threads)
		return -ENOMEM;
	hold->threads = threads;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0) {
		ret = -errno;
		/* It may be ours, by an earlier attempt that got no further. */
		if (proc_is_traced_by_us(tid, &ours) || !ours)
			return ret;
	}
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return -errno;

	ret = wait_for_stop(tid, &thread.signo);
	if (!ret && thread.signo)
		ret = deliver(tid, &thread.signo);
	if (ret == -ESRCH)
		return ret;

	/* One that did not stop in time is held as soon as it does. */
	if (!is_held(hold, tid))
		hold->threads[hold->count++] = thread;
	return 0;
}

/* Hold those threads of @pid that are not held. Return: how many, or -errno. */
static int hold_others(pid_t pid, pid_t running, struct hold *hold)
{
	DIR *tasks autoclosedir = NULL;
	char path[TASK_PATH_MAX];
	const struct dirent *task;
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return errno == ENOENT ? -ESRCH : -errno;

	while ((task = readdir(tasks))) {
		pid_t tid = (pid_t)strtol(task->d_name, NULL, 10);
		int ret;

		if (!isdigit((unsigned char)task->d_name[0]) || tid == running ||
		    is_held(hold, tid))
			continue;

		ret = hold_thread(hold, tid);
		if (ret && ret != -ESRCH)
			return ret;
		found += ret == 0;
	}

	return found;
}

int hold_process(pid_t pid, pid_t running, struct hold *ret_hold)
{
	struct hold hold = { 0 };
	int ret, pass = 0;

	/* Those that run may have begun others meanwhile. */
	do {
		ret = hold_others(pid, running, &hold);
	} while (ret > 0 && ++pass < PASSES_MAX);

	if (!ret && !hold.count)
		ret = -ESRCH;
	if (ret < 0) {
		hold_release(&hold);
		return ret;
	}

	*ret_hold = hold;
	return 0;
}

void hold_release(struct hold *hold)
{
	for (size_t i = 0; i < hold->count; i++)
		(void)ptrace(PTRACE_DETACH, hold->threads[i].tid, NULL,
			     (void *)(long)hold->threads[i].signo);

	free(hold->threads);
	*hold = (struct hold){ 0 };
}
