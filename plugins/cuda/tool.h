/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CUDA operations, each done by one run of cuda-checkpoint.
 *
 * Arguments out, answer in: NVIDIA's utility and ours are asked and understood
 * alike. An answer is parsed whole; what cannot be read is an error, never a
 * guess. Knows nothing of CRIU, ptrace, or which rung a process is on.
 *
 * Logs each failure once, with the pid and the utility's whole message. Errors:
 *   -ENXIO      the process has no CUDA; a finding, not logged
 *   -ENOENT     no such utility
 *   -ETIMEDOUT  the time was over: the process is still at work, or cannot answer
 *   -EBUSY      the process is in the wrong state for the action
 *   -EBADMSG    the answer cannot be understood
 *   -ESRCH, -ECANCELED, SPAWN_LEAVE
 *               what the watch said, and has logged
 *   -EIO        the utility failed, or could not be run: the reason is in the log
 *   -ENOMEM     no memory to run it
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "cuda_state.h"
#include "memory_answer.h"
#include "spawn.h"

/*
 * The utility waits for the driver in the process, and need not see that nobody will
 * answer any more. A watch does: it is asked while the utility runs (spawn.h), and logs
 * what it finds. It returns -ESRCH once the process has ended, or -ECANCELED if it will
 * be ended: only then is the utility ended in the middle, for there is no driver to lose
 * step with; or SPAWN_LEAVE to let it be, at work. NULL: no watch.
 */

/*
 * @program: path, or name looked up on PATH; borrowed.
 * @operation_timeout_ms: how long a checkpoint, restore or unlock may take, 0 for no
 * limit. For the watches: nothing is broken off here.
 */
struct tool {
	const char *program;
	unsigned int operation_timeout_ms;
};

/*
 * The state of @pid. The restore thread of @pid must be running. @timeout_ms
 * bounds the run, 0 means no limit: a process that is stopped never answers.
 */
int tool_get_state(const struct tool *tool, pid_t pid, unsigned int timeout_ms,
		   const struct spawn_watch *watch,
		   enum cuda_state *ret_state) must_check;

/* The restore thread of @pid, which may be stopped. */
int tool_get_restore_tid(const struct tool *tool, pid_t pid, pid_t *ret_tid) must_check;

/*
 * Do @action on @pid, whose restore thread must be running; for a lock its other
 * threads too. @timeout_ms is for a lock, 0 means no limit: how long the driver
 * waits for work in flight. A lock that then does not end is killed soon after;
 * the process may be locked or not. The other actions take the time they need,
 * unless the watch says otherwise.
 * A utility that reports success and prints something is not believed: the state is
 * asked for.
 */
int tool_act(const struct tool *tool, enum cuda_action action, pid_t pid,
	     unsigned int timeout_ms, const struct spawn_watch *watch) must_check;

/*
 * The GPU memory that each of the @count @pids holds on all GPUs together, in bytes, what
 * CUDA itself takes included: what a checkpoint brings into the process's host memory.
 * MEMORY_UNKNOWN for a process that the driver's account does not name, as one that
 * is checkpointed, or does not know. Neither stopped processes nor running ones notice.
 *
 * Only our utility can tell, and only where there is NVML. -ENODATA: it cannot, which is
 * a finding; the reason is logged as information, not as an error.
 */
int tool_get_memory(const struct tool *tool, const pid_t *pids, size_t count,
		    uint64_t *ret_bytes) must_check;

/*
 * See whether the utility and the driver below it answer, by a question about the
 * caller's own process. Does not log: the reason why not is written to @ret_reason,
 * of @size bytes, on failure.
 */
int tool_probe(const struct tool *tool, char *ret_reason, size_t size) must_check;
