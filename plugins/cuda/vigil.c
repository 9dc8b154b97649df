/* SPDX-License-Identifier: GPL-2.0-only */
#include "vigil.h"

#include <errno.h>

#include "clock.h"
#include "log.h"
#include "proc.h"
#include "restore_thread.h"

static int see_alive(pid_t pid)
{
	if (!proc_is_gone(pid))
		return 0;

	pr_err("pid %d: it ended while the utility was at work on it\n", pid);
	return -ESRCH;
}

/* The operation does not end as it should. */
static int leave(const struct cuda_process *process, const char *reason)
{
	pr_err("pid %d: %s; %s\n", process->pid, reason,
	       process->is_expendable ? "it is given up"
				      : "the operation is left to end by itself");
	return process->is_expendable ? -ECANCELED : OPERATION_LEAVE;
}

/* A thread of ours is helped to answer. */
static int look_at_process(void *subject)
{
	const struct vigil *vigil = subject;

	return vigil->process->thread ? restore_thread_tend(vigil->process->thread)
				      : see_alive(vigil->process->pid);
}

/* The threads of a process that is not ours run, unless somebody has stopped them. */
static bool is_stopped(const struct vigil *vigil)
{
	bool stopped;

	return !vigil->process->thread &&
	       !proc_is_stopped(vigil->process->pid, &stopped) && stopped;
}

static int look_at_operation(void *subject)
{
	struct vigil *vigil = subject;
	int ret = look_at_process(subject);

	if (ret)
		return ret;
	if (is_stopped(vigil))
		return leave(vigil->process,
			     "somebody has stopped it: continue it (kill -CONT)");
	if (vigil->timeout_ms &&
	    clock_ms() >= vigil->target->began_ms + vigil->timeout_ms)
		return leave(vigil->process, "the driver takes longer than the option "
					     "operation-timeout allows");

	headway_look(&vigil->headway, vigil->target->began_ms);
	return 0;
}

struct operation_watch vigil_over_answer(struct vigil *vigil)
{
	return (struct operation_watch){ .look = look_at_process, .subject = vigil };
}

struct operation_watch vigil_over_operation(struct vigil *vigil)
{
	return (struct operation_watch){ .look = look_at_operation, .subject = vigil };
}
