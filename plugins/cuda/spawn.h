/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run a program to its end and keep what it printed.
 *
 * Knows nothing of CRIU or CUDA. Never leaves a child behind, unless the caller's watch
 * says so: on every other return the child has been reaped (but for one that was killed
 * and is stuck in the kernel). The caller's SIGCHLD handler and mask are as they were.
 * Does not log.
 *
 * A program may wait for something that never comes, and only its caller can see
 * that: the caller's watch is asked while the program runs.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>

#include "cleanup.h"

#define SPAWN_OUTPUT_MAX 8191

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

/*
 * Called with @subject, every SPAWN_WATCH_MS as long as the program runs; a run that
 * ends sooner is not watched. Return: 0 to go on waiting; an error to give the program
 * up. It is then given SPAWN_GRACE_MS to end by itself, and is not watched any more. With
 * SPAWN_LEAVE it is not waited for and not killed either: it goes on, as a child of the
 * caller's that nobody has reaped, and what it still prints is lost.
 */
struct spawn_watch {
	int (*look)(void *subject);
	void *subject;
};

#define SPAWN_WATCH_MS 20
#define SPAWN_GRACE_MS 1000
#define SPAWN_LEAVE    (-EINPROGRESS)

/*
 * Run @argv[0], looked up on PATH unless it has a slash, with stdout and stderr
 * captured and stdin empty.
 *
 * The child gets default signal dispositions, an empty signal mask, a process
 * group of its own (an interrupt typed at the terminal is CRIU's affair) and no
 * descriptor above 2. When it ends, what its own children still print is lost.
 * @timeout_ms 0 means no limit. @watch NULL means none; it runs with SIGCHLD blocked.
 *
 * Return: 0 if the program ran, however it ended; -ENOENT if there is no such
 * program; -ETIMEDOUT if it had to be killed, its process group with it; -ECHILD
 * if somebody else took its status; another -errno if it could not be started. If
 * the watch gave it up: what the watch returned, whether the program ended by itself
 * then, was killed or goes on. *@ret_result is filled on 0 only.
 */
int spawn_run(const char *const argv[], unsigned int timeout_ms,
	      const struct spawn_watch *watch,
	      struct spawn_result *ret_result) must_check;
