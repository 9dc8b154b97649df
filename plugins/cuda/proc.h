/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /proc says of a process.
 *
 * Only reads. A process that is gone is -ESRCH everywhere. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

/*
 * Does @pid map libcuda? Each CUDA process does, also after a checkpoint and
 * after a restore: one that does not cannot be a CUDA process. One that does
 * need not be: it may only have loaded the library.
 *
 * Return: 0 with *@ret_maps; -ESRCH; another -errno if it cannot be read.
 */
int proc_maps_libcuda(pid_t pid, bool *ret_maps) must_check;

/*
 * The same, cheaper: can @pid be a CUDA process? It has a thread of the driver's then, so
 * one with a single thread is not looked into.
 */
int proc_may_be_cuda(pid_t pid, bool *ret_may) must_check;

/*
 * Has @pid a thread with a name that the driver gives its restore thread ("cuda"
 * and hexadecimal digits)? For where no utility can be asked.
 *
 * Return: 0 with *@ret_has; -ESRCH; another -errno if it cannot be read.
 */
int proc_has_restore_thread(pid_t pid, bool *ret_has) must_check;

/* The same: which thread, 0 if there is none. */
int proc_find_restore_thread(pid_t pid, pid_t *ret_tid) must_check;

/*
 * The one thread of @pid with a name that is the driver's beyond doubt, all 15 characters
 * of it; 0 if there is none, or more than one, or it cannot be seen.
 */
pid_t proc_sole_restore_thread(pid_t pid);

/*
 * Signals of the thread @tid, signal N in bit N - 1. @which of them is:
 *
 * Return: 0 with *@ret_mask; -ESRCH; -EBADMSG; another -errno.
 */
#define PROC_BLOCKED	      "SigBlk"
#define PROC_WAIT_FOR_THREAD  "SigPnd" /* sent to this one thread */
#define PROC_WAIT_FOR_PROCESS "ShdPnd" /* sent to its process */
int proc_signals(pid_t tid, const char *which, uint64_t *ret_mask) must_check;

/*
 * The first thread of @pid with a name that @is_named says is one, 0 if there is none.
 * The kernel cuts names at 15 characters.
 *
 * Return: 0 with *@ret_tid; -ESRCH; another -errno if it cannot be read.
 */
int proc_find_thread(pid_t pid, bool (*is_named)(const char *name),
		     pid_t *ret_tid) must_check;

/*
 * Had the environment that @pid was started with @value, or NULL for any, for @name? Of
 * two, as by getenv(), the first counts. What the program has changed since is not seen.
 *
 * Return: 0 with *@ret_with; -ESRCH; another -errno if it cannot be read.
 */
int proc_started_with(pid_t pid, const char *name, const char *value,
		      bool *ret_with) must_check;

/*
 * The process that traces the thread @tid, 0 if none does.
 *
 * Return: 0 with *@ret_tracer; -ESRCH; -EBADMSG if /proc says nothing of it;
 * another -errno if it cannot be read.
 */
int proc_tracer(pid_t tid, pid_t *ret_tracer) must_check;

/*
 * The pid of @pid in the innermost namespace that it is in, which is its name in CRIU's
 * images. Return: as above.
 */
int proc_inner_pid(pid_t pid, pid_t *ret_inner) must_check;

/* Is the thread @tid traced by the caller's process? Return: as proc_tracer(). */
int proc_is_traced_by_us(pid_t tid, bool *ret_is) must_check;

/*
 * Is @pid stopped, by a signal or by a tracer? A stopped process can neither be
 * locked nor asked for its state.
 *
 * Return: 0 with *@ret_stopped; -ESRCH; -EBADMSG; another -errno.
 */
int proc_is_stopped(pid_t pid, bool *ret_stopped) must_check;

/*
 * How much of the memory of @pid is in host memory, in bytes. No lock of the process is
 * taken for that, so that nobody is held up.
 *
 * Return: 0 with *@ret_bytes; -ESRCH; -EBADMSG; another -errno.
 */
int proc_resident(pid_t pid, uint64_t *ret_bytes) must_check;

/* Has @pid a thread @tid? */
bool proc_has_thread(pid_t pid, pid_t tid);

/* Has @pid ended? True also for one that is dead and not yet reaped. */
bool proc_is_gone(pid_t pid);
