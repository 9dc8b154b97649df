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
 *   GPU_JOIN       name, rank,    handle, and a memfd with a struct gpu_board
 *                  ranks, step
 *   GPU_LAUNCH     handle, rank,  -
 *                  step, us
 *
 * A collective is there, by its name, as long as a connection has joined it. A rank says
 * how many steps it has launched when it joins: they have ended.
 */
#pragma once

#include <stdint.h>

#define GPU_MAX		  8
#define GPU_PROCESSES_MAX 32 /* in one answer; the rest is asked for by first */

#define GPU_COLLECTIVES_MAX 8 /* that one connection can join */
#define GPU_RANKS_MAX	    64
#define GPU_NAME_MAX	    32 /* with the zero at its end */

enum gpu_request_kind {
	GPU_LIST = 1,
	GPU_ALLOCATE,
	GPU_FREE,
	GPU_PROCESSES,
	GPU_JOIN,
	GPU_LAUNCH,
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
	uint32_t rank;
	uint32_t ranks;
	uint32_t step; /* launched before, or to launch now: the next one */
	uint32_t us;   /* how long it takes when all ranks have launched it */
	char name[GPU_NAME_MAX];
};

/*
 * What the GPUs tell of a collective, for its ranks to read. A futex: when step c ends,
 * those are woken that wait with bit c modulo 32.
 */
struct gpu_board {
	_Atomic uint32_t completed; /* the last step that has ended; it may wrap */
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
