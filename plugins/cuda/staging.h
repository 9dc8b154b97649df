/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done at the system calls that a restore thread makes while it runs.
 *
 * In a checkpoint the driver's restore thread asks for one mapping as large as all GPU
 * memory, populated: one thread, page by page, which is most of a checkpoint. That is the
 * buffer. It can only be looked where it is; or it is populated faster than the driver
 * does it: in place of that call (borrowed_call.h) the thread makes the same without
 * MAP_POPULATE, then one that asks for huge pages; and while it is held at the exit of
 * that, the memory is populated by threads of ours (populate.h). Then its own call has
 * returned that memory.
 *
 * Or, when it is not for a checkpoint, it gives the kernel an advice about memory, in
 * place of the next call that it makes, which it makes after it.
 *
 * The caller traces the thread and lets it go, by PTRACE_SYSCALL as long as
 * staging_wants_system_calls() says so:
 *
 *	staging = staging_new(pid, tid, order);
 *	status = staging_see_stop(staging, status)    at each stop, then, and again later,
 *	if (!staging_holds(staging))
 *		... let the thread go on ...
 *		staging_went_on(staging)              if that was possible
 *	staging_cancel(staging)                       to stop the thread; while then
 *	staging_is_in_hand(staging)                   go on as above, by PTRACE_SYSCALL
 *	staging_free(staging)
 *
 * A call that does not look exactly so, or a second one, is left alone, and so is
 * everything where the kernel does not say what a thread has stopped at (before Linux
 * 5.3, or without PTRACE_O_TRACESYSGOOD). What fails makes the checkpoint slower, never
 * wrong. A filter of the process's for system calls is to be suspended, as CRIU does it.
 *
 * All accept NULL, which is no staging. None waits. Logs what came of a buffer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "tripwire.h"

#define STAGING_BYTES_MIN (64u << 20) /* what is smaller is left to the driver */

struct staging;

/* For madvise(). */
struct staging_advice {
	uint64_t address, bytes;
	int advice;
};

struct staging_order {
	unsigned int threads; /* that populate the buffer; 0: it is only looked for */
	struct tripwire *tripwire; /* borrowed; NULL: nothing is changed in the thread */
	const struct staging_advice *advice; /* borrowed; NULL: it is for a checkpoint */
};

/*
 * For the thread @tid of @pid. Return: NULL if there is no memory, or nothing to be done:
 * @order is NULL.
 */
struct staging *staging_new(pid_t pid, pid_t tid, const struct staging_order *order);

/* Only when not staging_is_in_hand(), or the thread has ended; ends what is under way. */
void staging_free(struct staging *staging);

/* Is the thread to be let go so that it stops at system calls? */
bool staging_wants_system_calls(const struct staging *staging);

/*
 * The thread has stopped, newly, with this wait @status. Return: the same, or for a stop
 * that looks as if a signal had come, and none is to be passed on, SYSTEM_CALL_STATUS.
 */
int staging_see_stop(struct staging *staging, int status);

/* Must it be kept in the stop? The next call may say otherwise. */
bool staging_holds(struct staging *staging);

/* It has been let go on from its stop. */
void staging_went_on(struct staging *staging);

/* Begin nothing any more; our threads have ended on return. */
void staging_cancel(struct staging *staging);

/*
 * Are its registers not its own, or has it still to be stopped once by the tripwire? Then
 * it must go on until that has been.
 */
bool staging_is_in_hand(const struct staging *staging);

/* Where the buffer is, when the thread has got it; 0 bytes: none was seen. */
void staging_find_buffer(const struct staging *staging, uint64_t *ret_address,
			 uint64_t *ret_bytes);

/*
 * What came of the advice. Return: 0; -errno of madvise(), or why it cannot be given;
 * -EINPROGRESS until then.
 */
int staging_advice_outcome(const struct staging *staging);
