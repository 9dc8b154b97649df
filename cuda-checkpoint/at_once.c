/* SPDX-License-Identifier: MIT */
#include "at_once.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "alive.h"
#include "monotonic.h"
#include "worker.h"

#define LOOK_MS 100 /* between looks whether the processes live */

/* One of the processes that were given. */
struct item {
	bool is_known; /* what has become of it */
	struct worker_answer answer;
};

/* A worker, and the process that it works on. */
struct task {
	struct worker worker;
	size_t item;
	bool has_news;	 /* an answer, or its end */
	int64_t give_up; /* when; 0: the process has not been seen to have ended */
};

struct at_once {
	const struct arguments *arguments;
	struct item *items;
	size_t started; /* of the items */
	size_t printed;
	bool has_failed;
	struct task tasks[AT_ONCE_MAX];
	size_t task_count;
	int64_t next_look;
};

static void fail(struct item *item, const char *what, int error)
{
	item->answer = (struct worker_answer){ .ms = 0 };
	snprintf(item->answer.command.reason, sizeof(item->answer.command.reason),
		 "%s%s%s", what, error ? ": " : "", error ? strerror(error) : "");
}

/* --- the workers ---------------------------------------------------------- */

/* Where the system has no room for one more, those at work will make it. */
static void start_workers(struct at_once *all)
{
	const struct arguments *arguments = all->arguments;

	while (all->started < arguments->pid_count && all->task_count < AT_ONCE_MAX) {
		struct task *task = &all->tasks[all->task_count];
		struct item *item = &all->items[all->started];
		int ret;

		ret = worker_start(arguments, arguments->pids[all->started],
				   &task->worker);
		if (ret < 0 && all->task_count)
			return;

		task->item = all->started++;
		task->give_up = 0;
		if (ret < 0) {
			fail(item, "cannot start a process for it", -ret);
			item->is_known = true;
		} else {
			all->task_count++;
		}
	}
}

/* Wait for an answer, or for the time to look at the processes. */
static void wait_for_news(struct at_once *all)
{
	struct pollfd fds[AT_ONCE_MAX];
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
	struct item *item = &all->items[task->item];

	if (!worker_finish(&task->worker, &item->answer) && task->give_up)
		fail(item, "the process has ended", 0);
	item->is_known = true;
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
		else if (!task->give_up &&
			 alive_has_ended(all->arguments->pids[task->item]))
			task->give_up = now + AT_ONCE_GRACE_MS;
	}
}

/* --- the lines ------------------------------------------------------------ */

/* What would break the line, or its quotes, does not get into it. */
static void print_failure(int pid, const struct command_answer *answer)
{
	printf("%d error %d \"", pid, answer->code);
	for (const char *c = answer->reason; *c; c++) {
		if (*c == '"')
			putchar('\'');
		else
			putchar(iscntrl((unsigned char)*c) ? ' ' : *c);
	}
	puts("\"");
}

static void print_line(enum operation operation, int pid,
		       const struct worker_answer *answer)
{
	const struct command_answer *command = &answer->command;

	if (!command->succeeded)
		print_failure(pid, command);
	else if (operation == OPERATION_GET_STATE)
		printf("%d %s\n", pid, cuda_state_name((enum cuda_state)command->value));
	else if (operation == OPERATION_GET_RESTORE_TID)
		printf("%d %d\n", pid, command->value);
	else
		printf("%d ok %u\n", pid, answer->ms);
}

static void print_known(struct at_once *all)
{
	const struct arguments *arguments = all->arguments;

	for (; all->printed < arguments->pid_count && all->items[all->printed].is_known;
	     all->printed++) {
		const struct worker_answer *answer = &all->items[all->printed].answer;

		print_line(arguments->operation, arguments->pids[all->printed], answer);
		all->has_failed |= !answer->command.succeeded;
	}
	fflush(stdout);
}

int at_once_run(const struct arguments *arguments)
{
	struct item *items autofree = calloc(arguments->pid_count, sizeof(*items));
	struct at_once all = { .arguments = arguments, .items = items };

	if (!items) {
		fputs("cuda-checkpoint: out of memory\n", stderr);
		return -ENOMEM;
	}

	/* Where it is ignored, the kernel keeps the workers' ends to itself. */
	signal(SIGCHLD, SIG_DFL);
	all.next_look = monotonic_ms() + LOOK_MS;

	while (all.printed < arguments->pid_count) {
		start_workers(&all);
		if (all.task_count) {
			wait_for_news(&all);
			finish_workers(&all);
			look_at_processes(&all);
		}
		print_known(&all);
	}

	return all.has_failed ? -EIO : 0;
}
