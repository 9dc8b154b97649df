/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Let one stopped thread of a process that CRIU has seized run, and stop it again.
 *
 * The driver works through its restore thread inside the process, so that thread
 * must run while an operation is under way, and no other. The two functions are a
 * pair around one saved struct:
 *
 *	ret = restore_thread_run(tid, &thread);
 *	... the operation ...
 *	ret = restore_thread_stop(&thread);
 *
 * While it runs, every signal but SIGTRAP is blocked in it: a signal sent to the
 * process must wait until the process as a whole goes on. SIGSTOP and SIGCONT cannot
 * be kept out: either halts the thread until restore_thread_stop(), and with it the
 * operation.
 *
 * The ptrace options are not touched: the kernel tells nobody what they are, and
 * none of those that CRIU sets hinders the thread, so left alone they are exactly
 * what they were, also under a CRIU that may not set them all.
 *
 * Only the thread that attached, CRIU's main thread, may call these. Logs failures.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

struct restore_thread {
	pid_t tid;
	uint64_t signal_mask; /* as it was before */
};

/*
 * Let the thread @tid, in a ptrace stop of the caller's, run.
 *
 * Return: 0; -ESRCH if it is gone, or not in a ptrace stop of the caller's;
 * another -errno. On failure the thread is stopped and as it was before.
 */
int restore_thread_run(pid_t tid, struct restore_thread *ret_thread) must_check;

/*
 * Stop the thread again and give it back its signal mask. Signals that arrive
 * first are delivered, not lost.
 *
 * Return: 0; -ESRCH if it has ended; another -errno.
 */
int restore_thread_stop(const struct restore_thread *thread) must_check;
