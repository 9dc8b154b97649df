/* SPDX-License-Identifier: MIT */
/*
 * A process of the utility's own that asks the driver about one process.
 *
 * Several operations at once are one worker each: whether the driver's functions may be
 * called from several threads is not known. libcuda is loaded in the worker, never in its
 * parent, so that each is what the utility with one pid is. A worker does not outlive its
 * parent: it is killed then, and the driver finishes what it has begun.
 *
 * Does not log. SIGCHLD must be at its default.
 */
#pragma once

#include <sys/types.h>

#include "arguments.h"
#include "cleanup.h"
#include "command.h"

struct worker {
	pid_t pid;
	int answer_fd; /* to be read from once it has answered, or ended without */
};

struct worker_answer {
	struct command_answer command;
	unsigned int ms; /* that the operation took, without loading libcuda */
};

/*
 * Start a worker that carries out @arguments on the process @pid; they are what
 * command_ask() takes. It names itself as at_once.h says before it does anything.
 *
 * Return: 0 with *@ret_worker, for worker_finish(); -errno.
 */
int worker_start(const struct arguments *arguments, int pid,
		 struct worker *ret_worker) must_check;

/* End it by force. worker_finish() is still due. */
void worker_kill(const struct worker *worker);

/*
 * Wait until @worker has ended. If it did without an answer, *@ret_answer is a failure,
 * of code 0, that says how.
 *
 * Return: whether the answer is the worker's own.
 */
bool worker_finish(struct worker *worker, struct worker_answer *ret_answer);
