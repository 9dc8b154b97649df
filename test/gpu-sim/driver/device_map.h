/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which GPU each device of the process is to be restored on.
 *
 * Pure: no system call, no memory.
 */
#pragma once

#include "channel.h"
#include "cleanup.h"

/*
 * For each of the @count devices whose UUIDs are @known find the place in @list
 * of the GPU that it becomes: the one of the same UUID, or with @pair_count not
 * 0 the one that @pairs say. Pairs name every device and every GPU in @list
 * exactly once.
 *
 * Return: CUDA_SUCCESS with @ret_gpus[0..count), or CUDA_ERROR_INVALID_VALUE.
 */
CUresult device_map(const CUuuid *known, int count, const struct gpu_answer *list,
		    const CUcheckpointGpuPair *pairs, uint32_t pair_count,
		    uint32_t *ret_gpus) must_check;
