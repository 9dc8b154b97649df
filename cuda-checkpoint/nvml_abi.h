/* SPDX-License-Identifier: MIT */
/*
 * The part of NVML's binary interface that tells the GPU memory of processes.
 *
 * Declared here, under the names of NVML's documentation and its public nvml.h, so that
 * nothing needs the CUDA toolkit to build. Only constants and layouts: no function is
 * ever linked, all are found with dlsym. The list of processes is that of driver r510
 * and later (_v3, whose entries nvml.h also calls nvmlProcessInfo_v2_t).
 */
#pragma once

#include <stdint.h>

typedef enum nvmlReturn_enum {
	NVML_SUCCESS = 0,
	NVML_ERROR_UNINITIALIZED = 1,
	NVML_ERROR_INVALID_ARGUMENT = 2,
	NVML_ERROR_NOT_SUPPORTED = 3,
	NVML_ERROR_NO_PERMISSION = 4,
	NVML_ERROR_INSUFFICIENT_SIZE = 7,
	NVML_ERROR_DRIVER_NOT_LOADED = 9,
	NVML_ERROR_GPU_IS_LOST = 15,
	NVML_ERROR_UNKNOWN = 999,
} nvmlReturn_t;

/* usedGpuMemory where the driver does not account for the process */
#define NVML_VALUE_NOT_AVAILABLE UINT64_MAX

typedef struct nvmlDevice_st *nvmlDevice_t;

typedef struct nvmlProcessInfo_st {
	unsigned int pid;
	uint64_t usedGpuMemory;	    /* bytes */
	unsigned int gpuInstanceId; /* MIG; else all ones */
	unsigned int computeInstanceId;
} nvmlProcessInfo_t;

_Static_assert(sizeof(nvmlProcessInfo_t) == 24, "an entry of the list is 24 bytes");

nvmlReturn_t nvmlInit_v2(void);
nvmlReturn_t nvmlShutdown(void);
const char *nvmlErrorString(nvmlReturn_t result);
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count);
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device);

/*
 * *@count: how many fit into @infos, then how many there are; with
 * NVML_ERROR_INSUFFICIENT_SIZE about how many there would be.
 */
nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device,
						     unsigned int *count,
						     nvmlProcessInfo_t *infos);
