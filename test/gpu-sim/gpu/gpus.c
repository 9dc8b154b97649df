/* SPDX-License-Identifier: GPL-2.0-only */
#include "gpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int number_from(const char *variable, uint64_t otherwise, uint64_t low,
		       uint64_t high, uint64_t *ret_value, const char **ret_bad)
{
	const char *text = getenv(variable);
	char *end = NULL;
	unsigned long long value;

	if (!text) {
		*ret_value = otherwise;
		return 0;
	}
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || !*text || *end || value < low || value > high) {
		*ret_bad = variable;
		return -EINVAL;
	}
	*ret_value = value;
	return 0;
}

/* splitmix64: neighbouring seeds give numbers that look unrelated. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static void make(struct gpu_info *gpu, uint64_t seed, uint32_t place, uint64_t bytes)
{
	static const char name[] = "Simulated GPU";
	uint64_t halves[2] = { mix(mix(seed) + 2 * place),
			       mix(mix(seed) + 2 * place + 1) };

	memcpy(gpu->uuid, halves, sizeof(gpu->uuid));
	memcpy(gpu->name, name, sizeof(name));
	gpu->bytes = bytes;
	gpu->free_bytes = bytes;
}

int gpus_init(struct gpus *gpus, const char **ret_bad)
{
	uint64_t count, mib, seed;
	int ret;

	ret = number_from("CUDA_SIM_GPUS", 1, 1, GPU_MAX, &count, ret_bad);
	if (!ret)
		ret = number_from("CUDA_SIM_GPU_MEMORY", 1024, 1, 1 << 30, &mib, ret_bad);
	if (!ret)
		ret = number_from("CUDA_SIM_SEED", 0, 0, UINT64_MAX, &seed, ret_bad);
	if (ret)
		return ret;
	memset(gpus, 0, sizeof(*gpus));
	gpus->count = (uint32_t)count;
	for (uint32_t i = 0; i < count; i++)
		make(&gpus->list[i], seed, i, mib << 20);
	return 0;
}

enum gpu_result gpus_take(struct gpus *gpus, uint32_t gpu, uint64_t bytes)
{
	if (gpu >= gpus->count || !bytes)
		return GPU_INVALID;
	if (bytes > gpus->list[gpu].free_bytes)
		return GPU_OUT_OF_MEMORY;
	gpus->list[gpu].free_bytes -= bytes;
	return GPU_OK;
}

void gpus_give(struct gpus *gpus, uint32_t gpu, uint64_t bytes)
{
	gpus->list[gpu].free_bytes += bytes;
}
