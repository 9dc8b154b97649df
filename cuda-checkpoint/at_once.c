/* SPDX-License-Identifier: MIT */
#include "at_once.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>

#include "alive.h"
#include "monotonic.h"
#include "worker.h"

#define LOOK_MS 100 /* between looks whether the processes live */

/* A worker, and the process that it works on. */
struct task {
	struct worker worker;
	int pid;
	bool has_news;	 /* an answer, or its end */
	int64_t give_up; /* when; 0: the process has not been seen to have ended */
};

struct at_once {
	const struct arguments *arguments;
	size_t started; /* of the pids */
	bool has_failed;
	struct task tasks[CONTRACT_AT_ONCE];
	size_t task_count;
	int64_t next_look;
};

/* --- the lines ------------------------------------------------------------ */

/* What would break the line, or its quotes, does not get into it. */
static void print_failure(int pid, const struct command_answer *answer)
{
	char text[COMMAND_REASON_SIZE];

	snprintf(text, sizeof(text), "%s", answer->reason);
	for (char *c = text; *c; c++) {
		if (*c == '"')
			*c = '\'';
		else if (iscntrl((unsigned char)*c))
			*c = ' ';
	}
	printf("%d error %d \"%s\"\n", pid, answer->code, text);
}

/* No longer than stdout's buffer: one write carries it. */
static void print_line(struct at_once *all, int pid, const struct worker_answer *answer)
{
	const enum operation operation = all->arguments->operation;
	const struct command_answer *command = &answer->command;

	if (!command->succeeded)
		print_failure(pid, command);
	else if (operation == OPERATION_GET_STATE)
		printf("%d %s\n", pid, cuda_state_name((enum cuda_state)command->value));
	else if (operation == OPERATION_GET_RESTORE_TID)
		printf("%d %d\n", pid, command->value);
	else
		printf("%d ok %u\n", pid, answer->ms);

	fflush(stdout);
	all->has_failed |= !command->succeeded;
}

/* --- the workers ---------------------------------------------------------- */

static void fail(struct worker_answer *answer, const char *what, int error)
{
	*answer = (struct worker_answer){ .ms = 0 };
	snprintf(answer->command.reason, sizeof(answer->command.reason), "%s%s%s", what,
		 error ? ": " : "", error ? strerror(error) : "");
}

/*
 * Where the system has no room for one more, those at work will make it. With nobody at
 * work on return there is nothing left to do.
 */
static void start_workers(struct at_once *all)
{
	const struct arguments *arguments = all->arguments;

	while (all->started < arguments->pid_count &&
	       all->task_count < CONTRACT_AT_ONCE) {
		struct task *task = &all->tasks[all->task_count];
		struct worker_answer answer;
		int ret;

		*task = (struct task){ .pid = arguments->pids[all->started] };
		ret = worker_start(arguments, task->pid, &task->worker);
		if (ret < 0 && all->task_count)
			return;

		all->started++;
		if (ret < 0) {
			fail(&answer, "cannot start a process for it", -ret);
			print_line(all, task->pid, &answer);
		} else {
			all->task_count++;
		}
		if (all->started == arguments->pid_count)
			prctl(PR_SET_NAME, CONTRACT_NAME_PREFIX);
	}
}

/* Wait for an answer, or for the time to look at the processes. */
static void wait_for_news(struct at_once *all)
{
	struct pollfd fds[CONTRACT_AT_ONCE];
	int64_t left = all->next_look - monotonic_ms();
	int ready;

	for (size_t i = 0; i < all->task_count; i++)
		fds[i] = (struct pollfd){ .fd = all->tasks[i].worker.answer_fd,
					  .events = POLLIN };

	ready = poll(fds, all->task_count, left > 0 ? (int)left : 0);
	for (size_t i = 0; i < all->task_count; i++)
		all->tasks[i].has_news = ready > 0 && fds[i].revents;
}

static void finish(struct at_once *all, struct task *task)
{
	struct worker_answer answer;

	if (!worker_finish(&task->worker, &answer) && task->give_up)
		fail(&answer, "the process has ended", 0);
	print_line(all, task->pid, &answer);
}

/* Those that have ended leave; the others close ranks. */
static void finish_workers(struct at_once *all)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->task_count; i++) {
		if (all->tasks[i].has_news)
			finish(all, &all->tasks[i]);
		else
			all->tasks[kept++] = all->tasks[i];
	}
	all->task_count = kept;
}

static void look_at_processes(struct at_once *all)
{
	const int64_t now = monotonic_ms();

	if (now < all->next_look)
		return;

	all->next_look = now + LOOK_MS;
	for (size_t i = 0; i < all->task_count; i++) {
		struct task *task = &all->tasks[i];

		if (task->give_up && now >= task->give_up)
			worker_kill(&task->worker);
		else if (!task->give_up && alive_has_ended(task->pid))
			task->give_up = now + AT_ONCE_GRACE_MS;
	}
}

int at_once_run(const struct arguments *arguments)
{
	struct at_once all = { .arguments = arguments };

	/* Where it is ignored, the kernel keeps the workers' ends to itself. */
	signal(SIGCHLD, SIG_DFL);
	/* Nobody may read any more, and the workers must not end with this process. */
	signal(SIGPIPE, SIG_IGN);
	all.next_look = monotonic_ms() + LOOK_MS;

	for (start_workers(&all); all.task_count; start_workers(&all)) {
		wait_for_news(&all);
		finish_workers(&all);
		look_at_processes(&all);
	}

	return all.has_failed ? -EIO : 0;
}
