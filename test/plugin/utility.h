/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stand-in for cuda-checkpoint, test/plugin/cuda-checkpoint: the folder that it
 * works in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "task.h"

/* The folder of this test, and that with the program itself. */
extern const char *utility_program;

/* A new, empty folder. utility_remove() takes it away again. */
void utility_set_up(void);
void utility_remove(void);

/* The folder; borrowed. */
const char *utility_folder(void);

/* @task has CUDA, in @state. */
void utility_know(const struct task *task, const char *state);

/* Is @task in @state? */
bool utility_says(const struct task *task, const char *state);

/* @operation fails as @fault says; see the program. */
void utility_fault(const char *operation, const char *fault);

/*
 * How many runs of @operation there were for @task; NULL is any. The last one's
 * timeout (-1: none), whether the leader and the restore thread were stopped, and what
 * the latter blocked, are noted in @ret_run, which may be NULL.
 */
struct utility_run {
	long timeout_ms;
	bool leader_stopped;
	bool thread_stopped;
	unsigned long long blocked;
};
unsigned int utility_runs(const char *operation, const struct task *task,
			  struct utility_run *ret_run);

/* Was an operation called that would have hung the driver? */
bool utility_hung(void);
