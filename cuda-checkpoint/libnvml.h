/* SPDX-License-Identifier: MIT */
/*
 * NVML, the driver's library that looks at GPUs, found at run time: libnvidia-ml.so.1.
 *
 * libnvml_open() once; then the functions are called through the struct, under their own
 * names. It is loaded only for what libcuda cannot tell, and never closed.
 */
#pragma once

#include "cleanup.h"
#include "nvml_abi.h"

/* All are as old as driver r510: a driver that can checkpoint has them. */
#define LIBNVML_REQUIRED(SYMBOL)              \
	SYMBOL(nvmlInit_v2)                   \
	SYMBOL(nvmlShutdown)                  \
	SYMBOL(nvmlErrorString)               \
	SYMBOL(nvmlDeviceGetCount_v2)         \
	SYMBOL(nvmlDeviceGetHandleByIndex_v2) \
	SYMBOL(nvmlDeviceGetComputeRunningProcesses_v3)

#define LIBNVML_FIELD(symbol) __typeof__(symbol) *symbol;

struct libnvml {
	LIBNVML_REQUIRED(LIBNVML_FIELD)
};

/*
 * Load the library and find the functions; NVML is not initialised by that.
 *
 * Return: 0; -ENOENT if it cannot be loaded; -ENOSYS if it is of a driver that is too
 * old. Both are reported on stderr, in one line with the remedy.
 */
int libnvml_open(struct libnvml *ret_libnvml) must_check;
