/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CUDA processes: where each was found, and where it stands.
 *
 * What is asked is asked of all of them at once. What came of it is noted for each,
 * in its ret; errors other than those named here are those of tool.h. Logs failures,
 * with the remedy where there is one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cuda_state.h"
#include "host_buffer.h"
#include "tool.h"

struct debt;
struct fd_store;
struct memory_image;
struct restore_thread;

/* The last action of a kind on a process. */
struct cuda_step {
	int64_t began_ms;     /* as clock_ms() has it */
	unsigned int took_ms; /* the start of the utility included */
	bool is_done;
};

struct cuda_process {
	pid_t pid;
	uint64_t start;	       /* of this pid's life, as life_start() has it */
	pid_t restore_tid;     /* 0 until asked for */
	enum cuda_state found; /* the rung it is owed */
	enum cuda_state rung;  /* the rung it is on, as far as is known */
	bool rung_is_certain; /* false after an action that failed: ask before the next */
	bool is_expendable;   /* it is to be killed if it cannot be brought */
	bool goes_alone;      /* no other that goes alone may be operated on meanwhile */
	uint64_t bytes;	      /* of GPU memory, or MEMORY_UNKNOWN */
	struct restore_thread *thread; /* while it runs in our hands, else NULL */
	struct cuda_step steps[CUDA_ACTION_COUNT];
	unsigned int lock_tries; /* of the lock */
	struct debt *debt;	 /* what it is owed; borrowed; NULL: nothing yet */
	struct fd_store *store;	 /* for its image; borrowed; NULL: there is none */
	struct host_buffer buffer;
	bool is_offloaded;	    /* its memory is in an image, and not in it */
	struct memory_image *image; /* that one, owned; NULL: to be opened by its name */
	bool has_image;		    /* which was written by us */
	struct cuda_step written, filled;
	int ret; /* what came of the last thing that was done with it */
};

/*
 * Where each of the @count @processes, which run, was found; its rung is the same.
 * @timeout_ms bounds the question, 0 means no limit.
 *
 * Of each: 0; -ENXIO if it is not a CUDA process; -EAGAIN if it is about to become one;
 * -EBUSY if it is in a state that no action leads out of; another -errno.
 */
void cuda_process_find_states(const struct tool *tool, unsigned int timeout_ms,
			      struct cuda_process *const processes[], size_t count);

/*
 * Where each stands now, after an action on it failed: its rung, certain if it is one.
 * Its restore thread runs. -ENODATA if it is no CUDA process any more.
 */
void cuda_process_find_rungs(const struct tool *tool,
			     struct cuda_process *const processes[], size_t count);

/*
 * The restore thread of each, which may be stopped; of one for which it is known
 * nothing is asked, and no program is run where /proc shows it beyond doubt.
 *
 * Of each: 0; -ENXIO if it is not a CUDA process; -EAGAIN if it is about to become one;
 * another -errno.
 */
void cuda_process_find_restore_threads(const struct tool *tool,
				       struct cuda_process *const processes[],
				       size_t count);

/* The first error that is noted for any of the @count @processes, or 0. */
int cuda_process_first_error(struct cuda_process *const processes[], size_t count);

/* Note it for each of the @count @processes. Return: -ENOMEM. Logs. */
int cuda_process_out_of_memory(struct cuda_process *const processes[], size_t count);

/* @process has no CUDA any more, by an exec say. Return: -ENODATA. Logs. */
int cuda_process_has_lost_cuda(const struct cuda_process *process);

/* @process is in a state that no action leads out of. Return: -EBUSY. Logs. */
int cuda_process_refuse_state(const struct cuda_process *process, enum cuda_state state);
