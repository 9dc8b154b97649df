/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hold a process still, as CRIU does: all of its threads in ptrace stops, but for one
 * that may run.
 *
 * For the guardian. A process that is locked or checkpointed must not run: the driver
 * does not hold up all of its calls (cuStreamSynchronize for one goes through, and
 * crashes it). CRIU had it frozen; when CRIU dies the kernel lets it go.
 *
 * Only the calling thread may then ptrace it, and should that end, the kernel lets it go
 * again. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"

struct held_thread {
	pid_t tid;
	int signo; /* that had come when it was stopped, and is still to be delivered */
};

struct hold {
	struct held_thread *threads;
	size_t count;
};

/*
 * Stop all threads of @pid but @running, 0 for none. One that cannot be stopped in a
 * second, in the middle of a system call that nothing interrupts, is let be.
 *
 * Return: 0, and hold_release() is needed; -ESRCH if it has ended; -EPERM if somebody
 * else traces it, or it is not permitted; another -errno. On failure nothing is held.
 */
int hold_process(pid_t pid, pid_t running, struct hold *ret_hold) must_check;

/* Stop the thread @tid too, again if it was stopped and runs. Return: 0 or -errno. */
int hold_thread(struct hold *hold, pid_t tid) must_check;

/* Let all go on where they were. */
void hold_release(struct hold *hold);
