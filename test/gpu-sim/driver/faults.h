/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faults on demand: each operation can be told to fail, to take its time, to
 * hang or to die, at every call or at the n-th.
 *
 * CUDA_SIM_LOCK, _CHECKPOINT, _RESTORE, _UNLOCK and _GET_STATE each hold a
 * comma-separated list of fail=CODE, delay=MS, hang, die, each with @N or not.
 */
#pragma once

#include "channel.h"
#include "cleanup.h"

#define FAULTS_MAX 8

enum fault_kind {
	FAULT_FAIL,
	FAULT_DELAY,
	FAULT_HANG,
	FAULT_DIE
};

struct fault {
	enum fault_kind kind;
	unsigned int value;
	unsigned int call; /* counted from 1; 0: every call */
};

struct faults {
	struct {
		struct fault list[FAULTS_MAX];
		unsigned int count;
		unsigned int calls;
	} operations[OPERATIONS];
};

/* Read them all from the environment. Return: 0, or -EINVAL, told on stderr. */
int faults_read(struct faults *ret_faults) must_check;

/*
 * Count one call of @operation and do to it what was asked for, in the order of
 * the list. Called by the restore thread; may never come back.
 *
 * Return: CUDA_SUCCESS to go on, or the result to fail with.
 */
CUresult faults_meet(struct faults *faults, enum operation operation) must_check;
