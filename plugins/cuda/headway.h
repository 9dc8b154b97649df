/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far the driver has come with an operation on a process, for people who wait:
 *
 *	headway_begin(&headway, process, action);
 *	... headway_look(&headway, began_ms), every now and then while it is at work ...
 *
 * Every PROGRESS_INTERVAL_MS a line is logged: what is done, with which process, for how
 * long; none for an operation that takes less.
 *
 * The driver tells nobody how far it is. What is seen of a checkpoint is how the resident
 * memory of the process grows: its host memory for all GPU memory is populated, mostly
 * before anything is copied. So that share is told as what it is, and none for any other
 * operation. It is read from statm, for which the kernel takes no lock of the process.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "cuda_state.h"

struct cuda_process;

/* All zero: of this nothing is said. */
struct headway {
	pid_t pid;
	enum cuda_action action;
	uint64_t bytes;	   /* of GPU memory; 0: not known */
	uint64_t resident; /* what the process had in host memory before; 0: not known */
	int64_t next_ms;   /* when the next line is due; 0: not known yet */
};

void headway_begin(struct headway *headway, const struct cuda_process *process,
		   enum cuda_action action);

/* @began_ms: when the operation did, as clock_ms() has it. */
void headway_look(struct headway *headway, int64_t began_ms);
