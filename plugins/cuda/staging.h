/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Populate the host buffer of a checkpoint faster than the driver does.
 *
 * In a checkpoint the driver's restore thread asks for one mapping as large as all GPU
 * memory, populated: one thread, page by page, which is most of a checkpoint. So
 * MAP_POPULATE is taken out of that call at its entry; at its exit huge pages are asked
 * for in the thread's name, and while it is held there the memory is populated by threads
 * of ours (populate.h). Then it goes on, with the registers that the driver expects.
 *
 * The caller traces the thread and lets it go, by PTRACE_SYSCALL as long as
 * staging_wants_system_calls() says so:
 *
 *	staging = staging_new(pid, tid, order);
 *	status = staging_see_stop(staging, status)    at each stop, then, and again later,
 *	if (!staging_holds(staging))
 *		... let the thread go on ...
 *	staging_cancel(staging)                       to stop the thread; while then
 *	staging_is_in_hand(staging)                   go on as above, by PTRACE_SYSCALL
 *	staging_free(staging)
 *
 * A call that does not look exactly so, or a second one, is left alone, and so is
 * everything where the kernel does not say what a thread has stopped at (before Linux
 * 5.3, or without PTRACE_O_TRACESYSGOOD). What fails makes the checkpoint slower, never
 * wrong. A filter of the process's for system calls is to be suspended, as CRIU does it.
 *
 * All accept NULL, which is no staging. None waits. Logs what came of it.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cleanup.h"

#define STAGING_BYTES_MIN (64u << 20) /* what is smaller is left to the driver */

struct staging;

struct staging_order {
	unsigned int threads; /* that populate the buffer; 0: the driver does it */
};

/*
 * For the thread @tid of @pid. Return: NULL if there is no memory, or nothing to be done:
 * @order is NULL, or of no threads.
 */
struct staging *staging_new(pid_t pid, pid_t tid, const struct staging_order *order);

/* Only when not staging_is_in_hand(), or the thread has ended; ends what is under way. */
void staging_free(struct staging *staging);

/* Is the thread to be let go so that it stops at system calls? */
bool staging_wants_system_calls(const struct staging *staging);

/*
 * The thread has stopped, newly, with this wait @status. Return: the same, or for a stop
 * at a system call that looks like a SIGTRAP, SYSTEM_CALL_STATUS.
 */
int staging_see_stop(struct staging *staging, int status);

/* Must it be kept in the stop? The next call may say otherwise. */
bool staging_holds(struct staging *staging);

/* Begin nothing any more; our threads have ended on return. */
void staging_cancel(struct staging *staging);

/* Are its registers not its own? Then it must go on until they are. */
bool staging_is_in_hand(const struct staging *staging);
