/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "contract.h"
#include "monotonic.h"

#define NAME_SIZE 16 /* the kernel's */

_Static_assert(sizeof(struct worker_answer) <= PIPE_BUF, "an answer is written at once");

static void ask(const struct arguments *arguments, struct worker_answer *answer)
{
	char reason[LIBCUDA_REASON_SIZE];
	struct libcuda libcuda;
	int64_t begin;

	if (libcuda_load(&libcuda, reason) < 0) {
		snprintf(answer->command.reason, sizeof(answer->command.reason), "%.*s",
			 COMMAND_REASON_SIZE - 1, reason);
		return;
	}

	begin = monotonic_ms();
	command_ask(arguments, &libcuda, &answer->command);
	answer->ms = (unsigned int)(monotonic_ms() - begin);
}

/* Cut off, it would be the name of another's worker. */
static void take_name(int pid)
{
	char name[NAME_SIZE];

	if (snprintf(name, sizeof(name), CONTRACT_NAME_PREFIX "%d", pid) < NAME_SIZE)
		prctl(PR_SET_NAME, name);
}

/* The worker, from its beginning to its end. */
static _Noreturn void work(const struct arguments *arguments, pid_t parent, int answer_fd)
{
	struct worker_answer answer = { .ms = 0 };

	take_name(arguments->pid);
	signal(SIGPIPE, SIG_DFL);
	/* What the parent could not write yet is the parent's to write. */
	__fpurge(stdout);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);

	ask(arguments, &answer);

	/* The end is that of any program, for libcuda as well. */
	exit(write(answer_fd, &answer, sizeof(answer)) == sizeof(answer) ? EXIT_SUCCESS
									 : EXIT_FAILURE);
}

int worker_start(const struct arguments *arguments, int pid, struct worker *ret_worker)
{
	struct arguments mine = *arguments;
	const pid_t parent = getpid();
	int ends[2], error;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;

	child = fork();
	if (child == 0) {
		close(ends[0]);
		mine.pid = pid;
		work(&mine, parent, ends[1]);
	}

	error = errno;
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return -error;
	}

	*ret_worker = (struct worker){ .pid = child, .answer_fd = ends[0] };
	return 0;
}

void worker_kill(const struct worker *worker)
{
	kill(worker->pid, SIGKILL);
}

static bool read_answer(int fd, struct worker_answer *ret_answer)
{
	struct worker_answer answer;
	ssize_t got;

	do {
		got = read(fd, &answer, sizeof(answer));
	} while (got < 0 && errno == EINTR);

	if (got != sizeof(answer))
		return false;

	*ret_answer = answer;
	return true;
}

static int reap(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) < 0)
		if (errno != EINTR)
			return -errno;

	return 0;
}

bool worker_finish(struct worker *worker, struct worker_answer *ret_answer)
{
	const bool answered = read_answer(worker->answer_fd, ret_answer);
	int status = 0, ret;

	close(worker->answer_fd);
	worker->answer_fd = -1;
	ret = reap(worker->pid, &status);
	if (answered)
		return true;

	*ret_answer = (struct worker_answer){ .ms = 0 };
	snprintf(ret_answer->command.reason, sizeof(ret_answer->command.reason),
		 "the utility's process for it %s %d",
		 ret < 0	       ? "was lost, with error"
		 : WIFSIGNALED(status) ? "was ended by signal"
				       : "ended with status",
		 ret < 0	       ? -ret
		 : WIFSIGNALED(status) ? WTERMSIG(status)
				       : WEXITSTATUS(status));
	return false;
}
