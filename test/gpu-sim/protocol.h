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
 */
#pragma once

#include <stdint.h>

#define GPU_MAX 8

enum gpu_request_kind {
	GPU_LIST = 1,
	GPU_ALLOCATE,
	GPU_FREE,
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
	struct gpu_info gpus[GPU_MAX];
};
