/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A signal that comes while the plugin is at work on a process.
 *
 * It is sent a moment after CRIU has taken hold of the process: in a dump with a slow
 * checkpoint, in the middle of that.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

struct meanwhile {
	pid_t pid;
	int signo;
	int64_t sent_ms; /* by clock_ms(), after meanwhile_end() */
	pthread_t thread;
};

/* Before the dump; @meanwhile is in use until meanwhile_end(), which waits for it. */
void meanwhile_send(struct meanwhile *meanwhile, pid_t pid, int signo);
void meanwhile_end(struct meanwhile *meanwhile);
