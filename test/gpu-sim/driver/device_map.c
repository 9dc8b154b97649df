/* SPDX-License-Identifier: GPL-2.0-only */
#include "device_map.h"

#include <stdbool.h>
#include <string.h>

static bool find_gpu(const struct gpu_answer *list, const CUuuid *uuid, uint32_t *ret_gpu)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (memcmp(list->gpus[i].uuid, uuid, sizeof(*uuid)) == 0) {
			*ret_gpu = i;
			return true;
		}
	}
	return false;
}

/* NULL unless exactly one pair has @old. */
static const CUuuid *new_of(const CUcheckpointGpuPair *pairs, uint32_t count,
			    const CUuuid *old)
{
	const CUuuid *found = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (memcmp(&pairs[i].oldUuid, old, sizeof(*old)) != 0)
			continue;
		if (found)
			return NULL;
		found = &pairs[i].newUuid;
	}
	return found;
}

CUresult device_map(const CUuuid *known, int count, const struct gpu_answer *list,
		    const CUcheckpointGpuPair *pairs, uint32_t pair_count,
		    uint32_t *ret_gpus)
{
	bool taken[GPU_MAX] = { false };

	if (pair_count && (pair_count != (uint32_t)count || pair_count != list->count))
		return CUDA_ERROR_INVALID_VALUE;
	for (int i = 0; i < count; i++) {
		const CUuuid *uuid = &known[i];

		if (pair_count)
			uuid = new_of(pairs, pair_count, &known[i]);
		if (!uuid || !find_gpu(list, uuid, &ret_gpus[i]) || taken[ret_gpus[i]])
			return CUDA_ERROR_INVALID_VALUE;
		taken[ret_gpus[i]] = true;
	}
	return CUDA_SUCCESS;
}
