/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One operation on several processes, at once, by runs of cuda-checkpoint.
 *
 * A utility that takes several pids gets up to CONTRACT_AT_ONCE in a run, of any other
 * there is a run for each process; at most SPAWN_AT_ONCE_MAX runs are under way. When one
 * process is done the next begins. Those that go alone go first, each in a run of its
 * own. If one fails the others are waited for: each has an outcome of its own.
 *
 * The utility waits for the driver in the process, and need not see that nobody will
 * answer any more. A watch does: it is asked about each process as long as it is at work.
 * It logs what it finds, and says -ESRCH once the process has ended, or -ECANCELED if it
 * will be ended: only then is a run ended in the middle, for there is no driver to lose
 * step with; or OPERATION_LEAVE to let the process be, at work.
 *
 * Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cuda_state.h"
#include "utility.h"

#define OPERATION_LEAVE	   (-EINPROGRESS)
#define OPERATION_WATCH_MS 20 /* between looks of the watch */

/*
 * Called with @subject every OPERATION_WATCH_MS, and when a SIGCHLD comes, as that of a
 * thread of the process which has stopped, as long as the process is at work; one that is
 * done sooner is not watched. Return: 0 to go on waiting; an error to give the
 * process up. A run in which all have been given up gets SPAWN_GRACE_MS to end by itself;
 * if one of them with OPERATION_LEAVE it is left at work, as spawn_leave() does.
 */
struct operation_watch {
	int (*look)(void *subject);
	void *subject;
};

struct operation {
	const char *const *words;    /* the program and its words before the pids; NULL */
	const char *const *settings; /* its words after the pids; NULL */
	unsigned int timeout_ms;     /* that a run may take; 0: no limit */
	size_t at_once;		     /* so many processes at most; 0: no limit */
	bool takes_several;	     /* pids, in one run */
	bool is_question;	     /* the answer is one word; an action has none */
};

/* One process, and what came of the operation. */
struct operation_target {
	pid_t pid;
	bool goes_alone;	      /* never beside another that goes alone */
	struct operation_watch watch; /* look may be NULL: no watch */

	/*
	 * 0, what the watch said, what utility_judge() and utility_explain() return, or
	 * -EBUSY if another that goes alone was left at work, or -EBADMSG if a run that
	 * succeeded said nothing of it, or nothing that can be
	 * understood.
	 */
	int ret;
	int64_t began_ms;      /* when, as clock_ms() has it */
	unsigned int took_ms;  /* from then on */
	bool is_cut;	       /* the run was ended since its time was over */
	bool is_in_doubt;      /* an action that succeeded, and printed what @text says */
	enum cuda_state state; /* for tool.h */
	pid_t tid;
	/* The answer to a question; or why it failed, as utility.h has it. */
	char text[UTILITY_MESSAGE_SIZE];
};

/* Has the driver said that @target is still at work, and left it as it was? */
static inline bool operation_is_refused(const struct operation_target *target)
{
	return target->ret == -ETIMEDOUT && !target->is_cut;
}

/*
 * Do @operation on the @count @targets, whose pids differ. On return each has its
 * outcome, and no child is left but runs that were left at work. Return: how often the
 * utility was run.
 */
unsigned int operation_run(const struct operation *operation,
			   struct operation_target *targets, size_t count);
