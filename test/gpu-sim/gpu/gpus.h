/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated GPUs: how many, how large, how much of each is in use, and what runs on
 * several at once.
 *
 * Knows no client and no socket. Does not log.
 */
#pragma once

#include "cleanup.h"
#include "collectives.h"
#include "protocol.h"

struct gpus {
	uint32_t count;
	struct gpu_info list[GPU_MAX];
	struct collectives collectives;
};

/*
 * Make the GPUs that the environment asks for: CUDA_SIM_GPUS (default 1),
 * CUDA_SIM_GPU_MEMORY (MiB of each, default 1024), CUDA_SIM_SEED (default 0; the
 * UUIDs depend on it and on the place in the list, on nothing else).
 *
 * Return: 0, or -EINVAL with *@ret_bad the variable that makes no sense.
 */
int gpus_init(struct gpus *gpus, const char **ret_bad) must_check;

/* Take @bytes, a multiple of the page size, of @gpu. */
enum gpu_result gpus_take(struct gpus *gpus, uint32_t gpu, uint64_t bytes) must_check;

/* Give back what gpus_take() took. */
void gpus_give(struct gpus *gpus, uint32_t gpu, uint64_t bytes);
