/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What callers in other processes and the restore thread say to each other.
 *
 * Two pipes of the CUDA process: requests in, answers out. The numbers of the
 * descriptors are in the restore thread's name, so that a caller can open the
 * pipes through /proc/PID/fd. Both messages are written by one write below
 * PIPE_BUF, so they are always read whole.
 */
#pragma once

#include <stdint.h>

#include "api.h"
#include "protocol.h"

/* "cuda", the request pipe's reading end, the answer pipe's writing end */
#define CHANNEL_NAME_FORMAT "cuda%05x%06x"
#define CHANNEL_NAME_LENGTH 15

enum operation {
	OPERATION_GET_STATE,
	OPERATION_LOCK,
	OPERATION_CHECKPOINT,
	OPERATION_RESTORE,
	OPERATION_UNLOCK,
	OPERATIONS,
};

struct request {
	uint64_t id; /* comes back in the answer, so that nobody takes another's */
	uint32_t operation;
	uint32_t timeout_ms; /* lock; 0: no limit */
	uint32_t pair_count; /* restore */
	uint32_t unused;
	CUcheckpointGpuPair pairs[GPU_MAX];
};

struct answer {
	uint64_t id;
	uint32_t result; /* a CUresult */
	uint32_t state;	 /* a CUprocessState: what the process is in now */
};
