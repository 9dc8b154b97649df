/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A stand-in for cuda-checkpoint's libnvml.c: GPUs with processes on them.
 *
 * Can fail at the nth call, list more processes at each question than at the one before,
 * and writes down every call, with its result where it is not NVML_SUCCESS:
 *
 *     "init;count;gpu 0;list 0 (64) = 7;list 0 (200);shutdown;"
 *
 * A call between init and shutdown that is made outside of them fails.
 */
#pragma once

#include <stdbool.h>

#include "libnvml.h"

#define FAKE_NVML_GPUS	    4
#define FAKE_NVML_PROCESSES 4096

struct fake_nvml_gpu {
	unsigned int count;
	nvmlProcessInfo_t processes[FAKE_NVML_PROCESSES];
};

struct fake_libnvml {
	unsigned int gpu_count;
	struct fake_nvml_gpu gpus[FAKE_NVML_GPUS];
	unsigned int newcomers; /* come onto a GPU each time that it is asked */
	bool never_fits;	/* there is never room enough for the list */
	unsigned int fail_call; /* the one that fails, from 1; 0: none */
	nvmlReturn_t fail_result;
	unsigned int calls; /* so far */
	bool is_initialised;
	char journal[1024];
};

extern struct fake_libnvml fake_libnvml;

/* One GPU without processes; nothing fails. */
void fake_libnvml_reset(void);

/* @pid holds @bytes on @gpu. */
void fake_libnvml_add(unsigned int gpu, unsigned int pid, uint64_t bytes);
