/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The CUDA operations, done by runs of cuda-checkpoint, on several processes at once.
 *
 * Arguments out, answer in: NVIDIA's utility and ours are asked and understood
 * alike. An answer is parsed whole; what cannot be read is an error, never a
 * guess. Knows nothing of CRIU, ptrace, or which rung a process is on.
 *
 * What came of it is noted for each process (operation.h). Each failure is logged once,
 * with the pid and the utility's whole message. Errors:
 *   -ENXIO      the process has no CUDA; a finding, not logged. Of a question: for an
 *               action it is a failure, -EIO
 *   -ENOENT     no such utility
 *   -ETIMEDOUT  the time was over: the process is still at work, or cannot answer
 *   -EBUSY      the process is in the wrong state for the action
 *   -EBADMSG    the answer cannot be understood
 *   -ESRCH, -ECANCELED, OPERATION_LEAVE
 *               what the watch said, and has logged
 *   -EIO        the utility failed, or could not be run: the reason is in the log
 *   -ENOMEM     no memory to run it
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "cuda_state.h"
#include "memory_answer.h"
#include "operation.h"

struct offload;

/*
 * @program: path, or name looked up on PATH; borrowed.
 * @operation_timeout_ms: how long a checkpoint, restore or unlock may take, 0 for no
 * limit. For the watches: nothing is broken off here.
 * @at_once: on so many processes at most, 0 for no limit. Not for a lock; for a question
 * only where there is a run for each.
 * @prefault_threads: that populate the buffers of checkpoints (staging.h), for all
 * processes together; 0: the driver does. For climb.h: nothing is populated here.
 * @offload: what climb.h does with the memory of processes that are checkpointed;
 * borrowed.
 * @takes_several: pids in a run. Known once tool_learn() has asked.
 * @runs: where the runs of the utility are counted; borrowed, or NULL.
 */
struct tool {
	const char *program;
	unsigned int operation_timeout_ms;
	size_t at_once;
	unsigned int prefault_threads;
	const struct offload *offload;
	bool takes_several;
	bool has_learned;
	unsigned int *runs;
};

/*
 * See whether the utility takes several pids in a run: its help says so. One run, the
 * first time. Before that, and if it cannot be seen, there is a run for each process.
 */
void tool_learn(struct tool *tool);

/*
 * The state of each target, whose restore threads must be running. @timeout_ms bounds
 * each run, 0 means no limit: a process that is stopped never answers.
 */
void tool_get_states(const struct tool *tool, unsigned int timeout_ms,
		     struct operation_target *targets, size_t count);

/* The restore thread of each, which may be stopped. */
void tool_get_restore_tids(const struct tool *tool, struct operation_target *targets,
			   size_t count);

/*
 * Do @action on each target, whose restore threads must be running; for a lock their
 * other threads too. @timeout_ms is for a lock, 0 means no limit: how long the driver
 * waits for work in flight. A lock that then does not end is killed soon after;
 * the process may be locked or not. The other actions take the time they need,
 * unless the watch says otherwise.
 * A utility that reports success and prints something is not believed: the state is
 * asked for.
 */
void tool_act(const struct tool *tool, enum cuda_action action, unsigned int timeout_ms,
	      struct operation_target *targets, size_t count);

/*
 * A lock that may be tried again: one that is refused for want of time is not logged.
 * tool_log_refusal() does it; @tries is how often it was tried.
 */
void tool_try_lock(const struct tool *tool, unsigned int timeout_ms,
		   struct operation_target *targets, size_t count);
void tool_log_refusal(const struct operation_target *target, unsigned int tries);

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
