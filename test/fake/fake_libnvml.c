/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include "fake_libnvml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of processes that nobody asks for. */
#define NEWCOMER 1000000

struct fake_libnvml fake_libnvml;

static void printf_format(1, 2) note(const char *format, ...)
{
	size_t used = strlen(fake_libnvml.journal);
	va_list values;

	va_start(values, format);
	vsnprintf(fake_libnvml.journal + used, sizeof(fake_libnvml.journal) - used,
		  format, values);
	va_end(values);
}

static nvmlReturn_t finish(nvmlReturn_t result)
{
	if (result != NVML_SUCCESS)
		note(" = %d", (int)result);
	note(";");
	return result;
}

/* Each call begins here: it is counted, and may be the one that fails. */
static nvmlReturn_t begin(void)
{
	if (++fake_libnvml.calls == fake_libnvml.fail_call)
		return fake_libnvml.fail_result;

	return NVML_SUCCESS;
}

static nvmlReturn_t begin_inside(void)
{
	nvmlReturn_t result = begin();

	return fake_libnvml.is_initialised ? result : NVML_ERROR_UNINITIALIZED;
}

static nvmlReturn_t fake_init(void)
{
	nvmlReturn_t result = begin();

	note("init");
	fake_libnvml.is_initialised = result == NVML_SUCCESS;
	return finish(result);
}

static nvmlReturn_t fake_shutdown(void)
{
	nvmlReturn_t result = begin_inside();

	note("shutdown");
	fake_libnvml.is_initialised = false;
	return finish(result);
}

static nvmlReturn_t fake_count(unsigned int *count)
{
	nvmlReturn_t result = begin_inside();

	note("count");
	if (result == NVML_SUCCESS)
		*count = fake_libnvml.gpu_count;
	return finish(result);
}

static nvmlReturn_t fake_handle(unsigned int index, nvmlDevice_t *device)
{
	nvmlReturn_t result = begin_inside();

	note("gpu %u", index);
	if (result == NVML_SUCCESS && index >= fake_libnvml.gpu_count)
		result = NVML_ERROR_INVALID_ARGUMENT;
	if (result == NVML_SUCCESS)
		*device = (nvmlDevice_t)(void *)&fake_libnvml.gpus[index];
	return finish(result);
}

static nvmlReturn_t fake_list(nvmlDevice_t device, unsigned int *count,
			      nvmlProcessInfo_t *infos)
{
	const struct fake_nvml_gpu *gpu = (const void *)device;
	nvmlReturn_t result = begin_inside();
	unsigned int index = (unsigned int)(gpu - fake_libnvml.gpus), room = *count;

	note("list %u (%u)", index, room);
	for (unsigned int i = 0; i < fake_libnvml.newcomers; i++)
		fake_libnvml_add(index, NEWCOMER + i, 1);
	*count = gpu->count;
	if (result == NVML_SUCCESS && (room < gpu->count || fake_libnvml.never_fits))
		result = NVML_ERROR_INSUFFICIENT_SIZE;
	if (result == NVML_SUCCESS)
		memcpy(infos, gpu->processes, gpu->count * sizeof(*infos));
	return finish(result);
}

/* Numbers: what a test expects is then the code, whatever NVML calls it. */
static const char *fake_error_string(nvmlReturn_t result)
{
	static char text[32];

	snprintf(text, sizeof(text), "error %d", (int)result);
	return text;
}

void fake_libnvml_reset(void)
{
	memset(&fake_libnvml, 0, sizeof(fake_libnvml));
	fake_libnvml.gpu_count = 1;
}

void fake_libnvml_add(unsigned int gpu, unsigned int pid, uint64_t bytes)
{
	struct fake_nvml_gpu *at = &fake_libnvml.gpus[gpu];

	if (at->count == FAKE_NVML_PROCESSES)
		abort();
	at->processes[at->count++] = (nvmlProcessInfo_t){
		.pid = pid,
		.usedGpuMemory = bytes,
		.gpuInstanceId = UINT32_MAX,
		.computeInstanceId = UINT32_MAX,
	};
}

int libnvml_open(struct libnvml *ret_libnvml)
{
	*ret_libnvml = (struct libnvml){
		.nvmlInit_v2 = fake_init,
		.nvmlShutdown = fake_shutdown,
		.nvmlErrorString = fake_error_string,
		.nvmlDeviceGetCount_v2 = fake_count,
		.nvmlDeviceGetHandleByIndex_v2 = fake_handle,
		.nvmlDeviceGetComputeRunningProcesses_v3 = fake_list,
	};
	return 0;
}
