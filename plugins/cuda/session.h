/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CUDA processes of one dump or restore: which was found on which rung, where
 * it stands now, and what is owed.
 *
 * CRIU names the processes one after the other. The work is done for the whole tree the
 * first time, on all of them at once; later it is only looked up what came of it for one.
 * A process that was not there the first time is seen to when it is named.
 *
 * In a dump: session_survey() and session_pause() and then session_checkpoint() for each
 * process, and session_give_back() if the processes live on. In a restore:
 * session_resume() for each. Each of these but the pause, which is lock.h, is "bring
 * these processes to that rung" (climb.h); there is no separate rollback.
 *
 * What has failed has failed for good: each later call returns that error, but for
 * session_give_back().
 *
 * Knows no CRIU. Logs outcomes, one line for each process, and what only it can know of
 * a failure; the rest is logged by the module that knows the reason. Errors other than
 * those named here are those of tool.h and restore_thread.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cuda_process.h"
#include "guardian.h"
#include "pid_set.h"
#include "roster.h"
#include "stats.h"
#include "survey.h"
#include "tool.h"

struct session {
	struct tool *tool;
	struct guardian *guardian;
	const struct survey_policy *policy;
	struct stats stats;
	struct survey survey;
	bool is_surveyed;
	bool is_paused;	      /* the tree that was surveyed */
	bool is_checkpointed; /* the same; or it was tried */
	int error;	      /* the first: the dump or restore has failed */
	struct pid_set seen;  /* processes that were looked at */
	struct roster roster; /* those of them that are CUDA */
};

/*
 * All are borrowed and must outlive it; of @tool it is noted here what it can do. Needs
 * session_release().
 */
void session_init(struct session *session, struct tool *tool, struct guardian *guardian,
		  const struct survey_policy *policy);
void session_release(struct session *session);

/* How many of the processes that were seen have no CUDA. */
size_t session_others(const struct session *session);

/*
 * Look at the whole tree below @root (survey.h), the first time that this is called. To
 * be called before the first process is paused. Nothing is frozen yet: it may take its
 * time.
 *
 * Return: 0; -EPERM if the dump is refused; another -errno.
 */
int session_survey(struct session *session, pid_t root) must_check;

/*
 * Lock @pid, which still runs; the first time, all CUDA processes of the tree that was
 * surveyed. Those found locked or checkpointed stay so.
 * @lock_timeout_ms: how long all of it may take, waiting for work in flight above
 * all; 0 means no limit. A process that was not there the first time has all of it again.
 *
 * Return: 0; -ENXIO if it is not a CUDA process. The first time also what became of the
 * others: -EAGAIN if one is about to become a CUDA process; -EBUSY if one is stopped, or
 * in a state that no action leads out of; -ENOMEM; another -errno.
 */
int session_pause(struct session *session, pid_t pid,
		  unsigned int lock_timeout_ms) must_check;

/*
 * Checkpoint @pid; the first time, all that were paused. The caller's thread holds them
 * in ptrace stops. One that it does not hold is not a part of the dump any more, and is
 * given back.
 *
 * Return: 0; -ENXIO if it is not a CUDA process; -EAGAIN if it became one after
 * session_pause() had looked; another -errno, the first time also of the others.
 */
int session_checkpoint(struct session *session, pid_t pid) must_check;

/*
 * Bring @pid back to running, and with it all below it, if that was not done before: all
 * have just been restored from an image and are held in ptrace stops by the caller's
 * thread. If the caller dies meanwhile the guardian does it.
 *
 * Return: 0; -ENXIO if it is not a CUDA process; another -errno, of the others too, after
 * which they are not fit to run.
 */
int session_resume(struct session *session, pid_t pid) must_check;

/*
 * Bring each process back to the rung it was found on, whatever happened so far.
 * All are tried, at once. One that has ended is owed nothing; one that a utility is still
 * at work on is left to the guardian, -EINPROGRESS. Nothing is owed afterwards
 * to those that got there, so a second call does only what the first could not.
 *
 * Return: 0, or the first error.
 */
int session_give_back(struct session *session) must_check;

/* Is GPU memory of this dump in images of its own? */
bool session_has_images(const struct session *session);

/* The dump failed: remove the GPU memory images of processes that have their memory. */
void session_discard_images(struct session *session);
