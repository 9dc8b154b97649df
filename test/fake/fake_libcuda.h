/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A stand-in for cuda-checkpoint's libcuda.c: one process with CUDA, on a rung.
 *
 * Refuses what the driver refuses, from the wrong rung and for other processes,
 * can fail at the nth call, and writes down every call:
 *
 *     "version;state 7;lock 7 timeout 100;checkpoint 7 = 801;"
 *
 * The result is noted where it is not CUDA_SUCCESS.
 */
#pragma once

#include <stdbool.h>

#include "cuda_abi.h"
#include "cuda_state.h"

struct fake_libcuda {
	int pid;		/* the one process with CUDA */
	int restore_tid;	/* of its restore thread */
	int state;		/* an enum cuda_state, or one that is not known */
	int version;		/* of CUDA */
	bool asleep;		/* restore asks for cuInit */
	CUresult init_result;	/* of cuInit, which wakes on success */
	unsigned int fail_call; /* the one that fails, from 1; 0: none */
	unsigned int fail_from; /* it and all after it fail; 0: none */
	CUresult fail_result;
	unsigned int calls; /* so far */
	char journal[512];
};

extern struct fake_libcuda fake_libcuda;

/* A running process 7 with restore thread 8, driver 13.0, nothing fails. */
void fake_libcuda_reset(void);
