/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for proc.c, process_tree.c and at_work.c, and the world that it shows: some
 * processes, with CUDA and without, as fake_tool.c and fake_restore_thread.c change them.
 *
 * Each call of these three modules, and each allocation that fake_memory_fails() is
 * asked for, has a number, from 1. One of them can be told to fail, or it and all
 * after it. Each is written down:
 *
 *     "maps 7;get-state 7;lock 7 timeout 100 = ETIMEDOUT;"
 *
 * What must never be done (an action from the wrong rung, on a process without CUDA,
 * or one that would hang) is refused as the real modules would, and noted as the
 * world's crime.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cuda_state.h"
#include "life.h"
#include "proc.h"
#include "ledger.h"

#define FAKE_PROCESSES_MAX 4
#define FAKE_JOURNAL_MAX   256

struct fake_process {
	pid_t pid;
	pid_t tid; /* of its restore thread */
	enum cuda_state rung;
	bool maps_libcuda;
	bool is_cuda;	   /* the driver knows it */
	bool starting;	   /* has a restore thread, and the driver knows it not yet */
	bool stopped;	   /* by a signal of somebody else's */
	bool seized;	   /* by the caller: its threads are stopped... */
	bool thread_runs;  /* ...but for its restore thread... */
	bool halted;	   /* ...which needs to be tended before it goes on */
	bool gone;	   /* has ended */
	bool in_job;	   /* of --launch-job */
	bool worked_on;	   /* a run of the utility was left at work on it */
	bool owed;	   /* the guardian would bring it back */
	bool frozen;	   /* the guardian would hold it still */
	bool is_out;	   /* its memory is in an image, and not in it */
	bool has_image;	   /* which is there */
	unsigned int busy; /* so many answers to get-state are "checkpointing" */

	unsigned int questions; /* runs of the utility to ask about it */
	unsigned int actions;	/* runs of the utility to move it */
	unsigned int runs;	/* of its restore thread */
	unsigned int stops;	/* asked for, done or not */
	unsigned int threads;	/* that populate its buffer, in the last run */
	bool looked;		/* for that, in the last run */
	uint64_t resident;	/* in host memory; 0: not known */
	uint64_t buffer_address, buffer_bytes; /* what there is to be seen of it */
	struct debt debt;		       /* what it is owed */
	const struct tripwire *tripwire_used;  /* in the last run */
};

/* How the chosen call fails. */
enum fake_failure {
	FAKE_SUCCEEDS,
	FAKE_FAILS,	     /* with -EIO, and nothing is done */
	FAKE_FAILS_DONE,     /* with -EIO, and it is done, as by a killed utility */
	FAKE_TIMES_OUT,	     /* with -ETIMEDOUT, and nothing is done */
	FAKE_TIMES_OUT_DONE, /* with -ETIMEDOUT, and it is done */
	FAKE_DIES,	     /* the process ends at this call */
	FAKE_HALTS,	     /* its restore thread, if it runs, is halted at this call */
	FAKE_HANGS,	     /* a run of the utility does not end */
	FAKE_STOPS,	     /* somebody stops the process at this call */
	FAKE_FAILURES
};

struct fake_entry {
	const char *call;
	pid_t id;
	unsigned int timeout_ms;
	int ret;
};

struct fake_world {
	struct fake_process processes[FAKE_PROCESSES_MAX];
	size_t count;
	bool shows_restore_threads; /* /proc does, beyond doubt */

	unsigned int calls;	/* so far */
	unsigned int fail_call; /* this one fails, from 1; 0: none */
	bool fail_ever_after;	/* and all after it */
	enum fake_failure failure;
	int64_t waited_ms;  /* time that has passed in runs that hang */
	const char *failed; /* the first call that failed so, or NULL */

	const char *crime; /* the first thing that must never be done, or NULL */
	struct fake_entry journal[FAKE_JOURNAL_MAX];
	size_t journal_length;
};

extern struct fake_world fake_world;

/* No processes, no failure, an empty journal. */
void fake_world_reset(void);

/* A process without CUDA; borrowed. Its restore thread, if it gets one, is @pid + 1. */
struct fake_process *fake_world_add(pid_t pid);

/* The process with this pid, or this restore thread, or NULL. */
struct fake_process *fake_world_find(pid_t pid);
struct fake_process *fake_world_find_thread(pid_t tid);

/* For the fakes: a call begins, on @process or NULL. How does it fail? */
enum fake_failure fake_world_call(const char *call, struct fake_process *process);

/* For the fakes: it ends. Return: @ret. */
int fake_world_note(const char *call, pid_t id, unsigned int timeout_ms, int ret);

/* For the fakes: this must never be done. */
void fake_world_crime(const char *crime);

/* For a wrapped malloc or realloc: does it fail? */
bool fake_memory_fails(void);

/* The journal as text, in a static buffer. */
const char *fake_world_journal(void);
