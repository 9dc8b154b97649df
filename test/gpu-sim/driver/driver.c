/* SPDX-License-Identifier: GPL-2.0-only */
#include "driver.h"

#include <string.h>

struct driver driver = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.link = { .fd = -1 },
	.uvm = { .fd = -1 },
	.restore_thread = RESTORE_THREAD_NONE,
};

CUresult driver_enter(void)
{
	if (driver.pid != getpid())
		return CUDA_ERROR_NOT_INITIALIZED;
	gate_enter(&driver.gate);
	return CUDA_SUCCESS;
}

CUresult driver_enter_context(int *ret_device)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	*ret_device = context_current_device();
	return *ret_device < 0 ? driver_leave(CUDA_ERROR_INVALID_CONTEXT) : CUDA_SUCCESS;
}

CUresult driver_leave(CUresult result)
{
	gate_leave(&driver.gate);
	return result;
}

void driver_adopt_gpus(const struct gpu_answer *list, const uint32_t *gpus, int count)
{
	driver.device_count = count;
	for (int i = 0; i < count; i++) {
		const struct gpu_info *gpu = &list->gpus[gpus[i]];
		struct device *device = &driver.devices[i];

		memcpy(&driver.uuids[i], gpu->uuid, sizeof(driver.uuids[i]));
		memcpy(device->name, gpu->name, sizeof(device->name));
		device->bytes = gpu->bytes;
		device->gpu = gpus[i];
		device->null_stream.device = i;
	}
}
