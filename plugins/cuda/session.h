/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CUDA processes of one dump or restore: which was found on which rung, where
 * it stands now, and what is owed.
 *
 * In a dump: session_pause() and then session_checkpoint() for each process, as
 * CRIU names them, and session_give_back() if the processes live on. In a restore:
 * session_resume() for each. Every one of these is "bring this process to that
 * rung"; there is no separate rollback.
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
#include "survey.h"
#include "tool.h"

struct session {
	const struct tool *tool;
	struct guardian *guardian;
	const struct survey_policy *policy;
	bool is_surveyed;
	struct cuda_process *processes;
	size_t count;
};

/* All are borrowed and must outlive it. Needs session_release(). */
void session_init(struct session *session, const struct tool *tool,
		  struct guardian *guardian, const struct survey_policy *policy);
void session_release(struct session *session);

/*
 * Look at the whole tree below @root (survey.h), the first time that this is called. To
 * be called before the first process is paused. Nothing is frozen yet: it may take its
 * time.
 *
 * Return: 0; -EPERM if the dump is refused; another -errno.
 */
int session_survey(struct session *session, pid_t root) must_check;

/*
 * Lock @pid, which still runs. A process found locked or
 * checkpointed stays so.
 * @lock_timeout_ms: how long all of it may take, waiting for work in flight above
 * all; 0 means no limit.
 *
 * Return: 0; -ENXIO if it is not a CUDA process; -EAGAIN if it is about to become
 * one; -EBUSY if it is stopped, or in a state that no
 * action leads out of; -ENOMEM; another -errno.
 */
int session_pause(struct session *session, pid_t pid,
		  unsigned int lock_timeout_ms) must_check;

/*
 * Checkpoint @pid, which the caller's thread holds in ptrace stops.
 *
 * Return: 0; -ENXIO if it is not a CUDA process; -EAGAIN if it became one after
 * session_pause() had looked; another -errno.
 */
int session_checkpoint(struct session *session, pid_t pid) must_check;

/*
 * Bring @pid, just restored from an image and held in ptrace stops by the caller's
 * thread, back to running. If the caller dies meanwhile the guardian does it.
 *
 * Return: 0; -ENXIO if it is not a CUDA process; another -errno, after which it is
 * not fit to run.
 */
int session_resume(struct session *session, pid_t pid) must_check;

/*
 * Bring each process back to the rung it was found on, whatever happened so far.
 * All are tried. One that has ended is owed nothing; one that a utility is still at work
 * on is left to the guardian, -EINPROGRESS. Nothing is owed afterwards
 * to those that got there, so a second call does only what the first could not.
 *
 * Return: 0, or the first error.
 */
int session_give_back(struct session *session) must_check;
