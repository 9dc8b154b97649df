/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the simulated driver and the GPU process say to each other.
 *
 * A SOCK_SEQPACKET unix socket, at the path that CUDA_SIM_SOCKET names. The
 * driver sends one struct gpu_request and gets one struct gpu_answer; there is
 * nothing unasked for and nothing in between. What a connection allocated is
 * its own, and is free again when it ends. A message of another size ends the
 * connection.
 *
 *   request        reads          answers
 *   GPU_LIST       -              count, gpus
 *   GPU_ALLOCATE   gpu, bytes     handle, and a memfd of that size (SCM_RIGHTS)
 *   GPU_FREE       handle         -
 *   GPU_PROCESSES  gpu, first     count, processes
 */
#pragma once

#include <stdint.h>

#define GPU_MAX		  8
#define GPU_PROCESSES_MAX 32 /* in one answer; the rest is asked for by first */

enum gpu_request_kind {
	GPU_LIST = 1,
	GPU_ALLOCATE,
	GPU_FREE,
	GPU_PROCESSES,
};

enum gpu_result {
	GPU_OK = 0,
	GPU_OUT_OF_MEMORY, /* also when the machine itself has none left */
	GPU_INVALID,	   /* no such GPU, no such handle, no such request, no bytes */
};

struct gpu_request {
	uint32_t kind;
	uint32_t gpu; /* the place in the list */
	uint64_t bytes;
	uint64_t handle;
	uint64_t first; /* how many processes to leave out */
};

/* A process that holds memory on the GPU asked for, once for each of its connections. */
struct gpu_process {
	uint64_t pid; /* as the GPU process sees it */
	uint64_t bytes;
};

struct gpu_info {
	unsigned char uuid[16];
	char name[32];
	uint64_t bytes;
	uint64_t free_bytes;
};

struct gpu_answer {
	uint32_t result;
	uint32_t count;
	uint64_t handle;
	union {
		struct gpu_info gpus[GPU_MAX];
		struct gpu_process processes[GPU_PROCESSES_MAX];
	};
};
