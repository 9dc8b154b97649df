/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One CUDA process: where it was found, where it stands, and the way from rung to rung.
 *
 * cuda_process_find_state() or cuda_process_find_restore_thread() tell whether a process
 * is a CUDA process at all; cuda_process_bring() brings one to a rung, letting its
 * restore thread run if the caller has stopped it. That it ends meanwhile is seen at
 * once, and is -ESRCH. That an operation takes longer than it may, or cannot go on since
 * somebody has stopped the process, is -EINPROGRESS: the utility is left at work, for
 * what the driver does cannot be broken off, and nothing else may be done with the
 * process until it has ended; -ECANCELED for one that is expendable. Errors other than
 * those named here are those of tool.h and restore_thread.h. Logs failures, with the
 * remedy where there is one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cuda_state.h"
#include "tool.h"

struct cuda_process {
	pid_t pid;
	uint64_t start;	       /* of this pid's life, as life_start() has it */
	pid_t restore_tid;     /* 0 until asked for */
	enum cuda_state found; /* the rung it is owed */
	enum cuda_state rung;  /* the rung it is on, as far as is known */
	bool rung_is_certain; /* false after an action that failed: ask before the next */
	bool is_expendable;   /* it is to be killed if it cannot be brought */
	unsigned int took_ms[CUDA_ACTION_COUNT]; /* how long its last one of each took */
};

/*
 * The state of @pid, which runs, if it is a CUDA process on a rung. @timeout_ms bounds
 * the question, 0 means no limit.
 *
 * Return: 0; -ENXIO if it is not a CUDA process; -EAGAIN if it is about to become one;
 * -EBUSY if it is in a state that no action leads out of; another -errno.
 */
int cuda_process_find_state(const struct tool *tool, pid_t pid, unsigned int timeout_ms,
			    enum cuda_state *ret_state) must_check;

/*
 * The restore thread of @pid, which may be stopped.
 *
 * Return: 0; -ENXIO if it is not a CUDA process; -EAGAIN if it is about to become one;
 * another -errno.
 */
int cuda_process_find_restore_thread(const struct tool *tool, pid_t pid,
				     pid_t *ret_tid) must_check;

/*
 * Step by step to @goal. The restore thread of @process runs; for a lock, which may
 * take @lock_timeout_ms, all of its threads do.
 *
 * Return: 0; -EBUSY if it is in a state that no action leads out of; another -errno,
 * after which it is on an uncertain rung.
 */
int cuda_process_climb(const struct tool *tool, struct cuda_process *process,
		       enum cuda_state goal, unsigned int lock_timeout_ms) must_check;

/*
 * The same, whether the caller's thread holds @process in ptrace stops or it runs. Its
 * restore thread is as it was before, on every return. No program is run if it is on
 * @goal.
 */
int cuda_process_bring(const struct tool *tool, struct cuda_process *process,
		       enum cuda_state goal) must_check;
