/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Let one stopped thread of a process that CRIU has seized run, and stop it again.
 *
 * The driver works through its restore thread inside the process, so that thread
 * must run while an operation is under way, and no other. The functions work on one
 * saved struct:
 *
 *	ret = restore_thread_run(pid, tid, order, &thread);
 *	... the operation, and every now and then restore_thread_tend(&thread) ...
 *	ret = restore_thread_stop(&thread);
 *
 * While it runs, every signal but SIGTRAP is blocked in it: a signal sent to the process
 * must wait until the process as a whole goes on, for its handler would find all other
 * threads stopped. A SIGTRAP that comes is kept, and sent again at the stop. SIGSTOP and
 * SIGCONT cannot be kept out, nor a fault of the thread's own: each halts the thread, and
 * with it the operation, until it is tended. From run to stop SIGCHLD is held
 * (sigchld.h): a handler of the caller's that waits for whoever it is would take such a
 * halt away.
 *
 * The ptrace options are not touched: the kernel tells nobody what they are, and
 * none of those that CRIU sets hinders the thread, so left alone they are exactly
 * what they were, also under a CRIU that may not set them all.
 *
 * Only the thread that attached, CRIU's main thread or the guardian's, may call these.
 * Logs failures.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "sigchld.h"
#include "staging.h"

struct restore_thread {
	pid_t tid;
	uint64_t signal_mask;	/* as it was before */
	struct sigchld sigchld; /* the caller's */
	int halt;		/* the wait status of a halt it is still in, or 0 */
	bool owes_trap;		/* a SIGTRAP came, and was kept */
	bool has_ended;
	struct staging *staging;	       /* of its checkpoint, or NULL */
	uint64_t buffer_address, buffer_bytes; /* once that is no more */
};

/*
 * Let the thread @tid of @pid, in a ptrace stop of the caller's, run. For a checkpoint
 * with @order, else NULL: what is to be done about the buffer that it needs (staging.h),
 * as far as that is possible. Until that has been, the thread halts at each system call
 * and is to be tended at once: SIGCHLD tells.
 *
 * Return: 0; -ESRCH if it is gone, or not in a ptrace stop of the caller's;
 * another -errno. On failure the thread is stopped and as it was before.
 */
int restore_thread_run(pid_t pid, pid_t tid, const struct staging_order *order,
		       struct restore_thread *ret_thread) must_check;

/*
 * Let the thread go on if something has halted it. A stop of the whole process does
 * not hold for this thread until restore_thread_stop(); for the process it does,
 * from the moment when its threads are let go.
 *
 * Return: 0; -ESRCH if it has ended or cannot be let go on, logged the first time:
 * there is nothing left to wait for.
 */
int restore_thread_tend(struct restore_thread *thread) must_check;

/*
 * Stop the thread again and give it back its signal mask, and its registers if it has a
 * system call of ours in hand. Signals that arrive first are delivered, not lost.
 *
 * Return: 0; -ESRCH if it has ended, logged unless restore_thread_tend() has done so;
 * -ETIME if it does not stop, in the middle of a system call that nothing interrupts;
 * another -errno.
 */
int restore_thread_stop(struct restore_thread *thread) must_check;

/*
 * When the operation has ended, before and after the thread is stopped: where in the
 * process the buffer is that it asked for; 0 bytes if none was seen. Without an order
 * none is.
 */
void restore_thread_buffer(const struct restore_thread *thread, uint64_t *ret_address,
			   uint64_t *ret_bytes);

/*
 * Have the thread @tid of @pid, in a PTRACE_EVENT_STOP of the caller's as all others of
 * the process, do madvise(@address, @bytes, @advice): in place of the next system call
 * that it makes, mostly the one in which it was interrupted, and which it makes after it.
 * It is stopped again before that. This takes as long as the advice does.
 *
 * Return: 0; -errno of madvise(); -ETIME if the thread makes no system call for two
 * seconds; -EBUSY without @tripwire, or as tripwire_set(); -ESRCH if it has ended;
 * another -errno. On failure nothing was done, and it is stopped as it was; but not
 * after -ESRCH, nor if it then could not be stopped, as restore_thread_stop() has it.
 */
int restore_thread_advise(pid_t pid, pid_t tid, struct tripwire *tripwire,
			  uint64_t address, uint64_t bytes, int advice) must_check;

/*
 * Has a tracer died while it let the thread @tid run? Then the thread still has its
 * signals blocked as restore_thread_run() blocks them. Reads only /proc.
 */
bool restore_thread_is_abandoned(pid_t tid);

/*
 * Give the thread @tid, in a ptrace stop of the caller's, the signal mask @mask, bit N -
 * 1 for signal N. Return: 0 or -errno. Logs.
 */
int restore_thread_put_back(pid_t tid, uint64_t mask) must_check;
