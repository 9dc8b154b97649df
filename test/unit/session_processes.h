/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of processes that a dump can meet, in the world of fake_proc.h.
 */
#pragma once

#include "fake_proc.h"

#define FIRST_PID 100 /* of the first process added; its restore thread is 101 */
#define PID_STEP  10  /* to the next one */

enum kind {
	RUNNING,
	LOCKED,
	CHECKPOINTED,
	FAILED,
	WITHOUT_CUDA,
	WITH_LIBRARY,	   /* maps libcuda, and has no CUDA */
	LATE,		   /* loads libcuda and starts CUDA once it was paused */
	LATE_WITH_LIBRARY, /* starts CUDA once it was paused */
	STARTING,	   /* has its restore thread, and cannot be asked yet */
	STOPPED,	   /* running, and stopped by somebody's SIGSTOP */
	KINDS
};

/* For people. */
const char *kind_name(enum kind kind);

/* The state in which a process of this kind is found. */
enum cuda_state kind_rung(enum kind kind);

/* An empty world and an empty log. */
void reset_world(void);

/* Add one; borrowed. */
struct fake_process *add_process(enum kind kind);

/* CRIU takes hold of it. */
void seize(struct fake_process *process);

/* A late one starts CUDA; others do not. */
void start_cuda_late(struct fake_process *process, enum kind kind);
