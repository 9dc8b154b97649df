/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run programs to their ends, one or several at once, and keep what they print.
 *
 * Knows nothing of CRIU or CUDA. One: spawn_run(). Several:
 *
 *	ret = spawn_start(argv, &spawn);        each, with SIGCHLD held (sigchld.h)
 *	spawn_wait(spawns, count, -1, end);     again and again, until for each
 *	ret = spawn_reap(&spawn);               is not 0 any more
 *
 * Each that was started is to be reaped, killed or left. The caller's SIGCHLD handler and
 * mask are as they were. Does not log.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

#define SPAWN_OUTPUT_MAX  65535
#define SPAWN_AT_ONCE_MAX 128  /* programs that can be waited for together */
#define SPAWN_GRACE_MS	  1000 /* that the kernel gets to end what was killed */

struct spawn_output {
	size_t length;
	bool truncated; /* more was printed than fits; the beginning is kept */
	char text[SPAWN_OUTPUT_MAX + 1];
};

struct spawn_result {
	int status; /* exit status, or 128 + the signal that ended it */
	struct spawn_output out;
	struct spawn_output err;
};

/* A program that runs. What it has printed so far may be taken out of the result. */
struct spawn {
	pid_t pid;
	int pidfd;   /* -1 where the kernel has none */
	int pipe[2]; /* read ends of its stdout and stderr; -1 once at their end */
	struct spawn_result result;
};

/*
 * Start @argv[0], looked up on PATH unless it has a slash, with stdout and stderr
 * captured and stdin empty.
 *
 * The child gets default signal dispositions, an empty signal mask, a process
 * group of its own (an interrupt typed at the terminal is CRIU's affair) and no
 * descriptor above 2.
 *
 * Return: 0; -ENOENT if there is no such program; another -errno if it could not be
 * started.
 */
int spawn_start(const char *const argv[], struct spawn *ret_spawn) must_check;

/*
 * Sleep until one of the @count @spawns, at most SPAWN_AT_ONCE_MAX, prints or ends, or
 * the descriptor @other, -1 for none, can be read, or until clock_ms() is @end, -1 for
 * never; a signal may cut it short. What they have printed is in their results then.
 */
void spawn_wait(struct spawn *const spawns[], size_t count, int other, int64_t end);

/*
 * Has it ended? When it has, what its own children still print is lost.
 *
 * Return: 1 if so, and its result is whole; 0 if not; -ECHILD if somebody else took its
 * status. It is no more to be waited for then.
 */
int spawn_reap(struct spawn *spawn) must_check;

/* Kill it, its process group with it, and reap it. Return: 0, or -ECHILD as above. */
int spawn_kill(struct spawn *spawn);

/*
 * Do not wait for it: it goes on, as a child of the caller's that nobody has reaped, and
 * what it still prints is lost.
 */
void spawn_leave(struct spawn *spawn);

/*
 * Run a program to its end, as spawn_start() does. @timeout_ms 0 means no limit.
 *
 * Never leaves a child behind: on every return it has been reaped (but for one that was
 * killed and is stuck in the kernel).
 *
 * Return: 0 if the program ran, however it ended; -ETIMEDOUT if it had to be killed;
 * -ECHILD if somebody else took its status; another -errno if it could not be started.
 * *@ret_result is filled on 0 only.
 */
int spawn_run(const char *const argv[], unsigned int timeout_ms,
	      struct spawn_result *ret_result) must_check;
