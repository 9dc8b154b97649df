/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A libnvidia-ml.so.1 for the simulated GPUs: which process holds how much memory where.
 *
 * Only what the GPU process says, and what CUDA_SIM_NVML makes of it. A program that
 * holds nothing on a GPU is not named, as one without a context is not by the real one.
 */
#pragma GCC visibility push(default)
#include "nvml_abi.h"
#pragma GCC visibility pop

#include <string.h>

#include "driver/gpu_link.h"
#include "driver/settings.h"
#include "pretence.h"

struct nvmlDevice_st {
	uint32_t gpu;
};

static struct {
	bool is_initialised;
	struct pretence pretence;
	struct gpu_link link;
	uint32_t count;
	struct nvmlDevice_st devices[GPU_MAX];
} nvml = { .link = { .fd = -1 } };

/* Without GPUs there is no driver to ask. */
static nvmlReturn_t connect_gpus(void)
{
	struct settings settings;
	struct gpu_answer list;

	if (settings_read(&settings) < 0)
		return NVML_ERROR_UNKNOWN;
	if (gpu_link_open(&nvml.link, settings.socket, &list) != CUDA_SUCCESS)
		return NVML_ERROR_DRIVER_NOT_LOADED;
	nvml.count = list.count;
	for (uint32_t i = 0; i < list.count; i++)
		nvml.devices[i].gpu = i;
	return NVML_SUCCESS;
}

nvmlReturn_t nvmlInit_v2(void)
{
	nvmlReturn_t result = NVML_ERROR_UNKNOWN;

	if (pretence_read(&nvml.pretence) == 0)
		result = nvml.pretence.fail;
	if (result == NVML_SUCCESS)
		result = connect_gpus();
	nvml.is_initialised = result == NVML_SUCCESS;
	return result;
}

nvmlReturn_t nvmlShutdown(void)
{
	if (!nvml.is_initialised)
		return NVML_ERROR_UNINITIALIZED;
	gpu_link_close(&nvml.link);
	nvml.is_initialised = false;
	return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count)
{
	if (!nvml.is_initialised)
		return NVML_ERROR_UNINITIALIZED;
	if (!count)
		return NVML_ERROR_INVALID_ARGUMENT;
	*count = nvml.count;
	return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device)
{
	if (!nvml.is_initialised)
		return NVML_ERROR_UNINITIALIZED;
	if (!device || index >= nvml.count)
		return NVML_ERROR_INVALID_ARGUMENT;
	*device = &nvml.devices[index];
	return NVML_SUCCESS;
}

static void fill(nvmlProcessInfo_t *info, const struct gpu_process *process)
{
	*info = (nvmlProcessInfo_t){
		.pid = (unsigned int)process->pid,
		.usedGpuMemory = pretence_bytes(&nvml.pretence, process->bytes),
		.gpuInstanceId = UINT32_MAX,
		.computeInstanceId = UINT32_MAX,
	};
}

/* As many as fit are written, and all are counted. */
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device,
						     unsigned int *count,
						     nvmlProcessInfo_t *infos)
{
	unsigned int total = 0, room;
	struct gpu_answer list;

	if (!nvml.is_initialised)
		return NVML_ERROR_UNINITIALIZED;
	if (!device || !count || (*count && !infos))
		return NVML_ERROR_INVALID_ARGUMENT;
	room = *count;
	do {
		if (gpu_link_processes(&nvml.link, device->gpu, total, &list) !=
		    CUDA_SUCCESS)
			return NVML_ERROR_GPU_IS_LOST;
		for (uint32_t i = 0; i < list.count; i++, total++) {
			if (total < room)
				fill(&infos[total], &list.processes[i]);
		}
	} while (list.count);
	*count = total;
	return total > room ? NVML_ERROR_INSUFFICIENT_SIZE : NVML_SUCCESS;
}

const char *nvmlErrorString(nvmlReturn_t result)
{
	static const struct {
		nvmlReturn_t result;
		const char *text;
	} texts[] = {
		{ NVML_SUCCESS, "Success" },
		{ NVML_ERROR_UNINITIALIZED, "Uninitialized" },
		{ NVML_ERROR_INVALID_ARGUMENT, "Invalid Argument" },
		{ NVML_ERROR_NOT_SUPPORTED, "Not Supported" },
		{ NVML_ERROR_NO_PERMISSION, "Insufficient Permissions" },
		{ NVML_ERROR_INSUFFICIENT_SIZE, "Insufficient Size" },
		{ NVML_ERROR_DRIVER_NOT_LOADED, "Driver Not Loaded" },
		{ NVML_ERROR_GPU_IS_LOST, "GPU is lost" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].result == result)
			return texts[i].text;
	}
	return "Unknown Error";
}
