/* SPDX-License-Identifier: GPL-2.0-only */
/* Device memory, as the API shows it: allocate, free, how much there is. */
#include "driver.h"

/* memory_allocate or memory_allocate_managed */
typedef CUresult allocate_function(struct memory *memory, struct gpu_link *link,
				   int device, uint32_t gpu, size_t bytes,
				   CUdeviceptr *ret_address);

static CUresult allocate(allocate_function *function, CUdeviceptr *address, size_t bytes)
{
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	if (!address || !bytes)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	pthread_mutex_lock(&driver.mutex);
	ret = function(&driver.memory, &driver.link, device, driver.devices[device].gpu,
		       bytes, address);
	pthread_mutex_unlock(&driver.mutex);
	return driver_leave(ret);
}

CUresult cuMemAlloc(CUdeviceptr *address, size_t bytes)
{
	return allocate(memory_allocate, address, bytes);
}

CUresult cuMemAllocManaged(CUdeviceptr *address, size_t bytes, unsigned int flags)
{
	if (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST)
		return CUDA_ERROR_INVALID_VALUE;
	return allocate(memory_allocate_managed, address, bytes);
}

/* Waits for the device's work, as the real one does. */
CUresult cuMemFree(CUdeviceptr address)
{
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret || !address)
		return ret ? ret : driver_leave(CUDA_SUCCESS);
	driver_wait_until_idle(device);
	pthread_mutex_lock(&driver.mutex);
	ret = memory_free(&driver.memory, &driver.link, address);
	pthread_mutex_unlock(&driver.mutex);
	return driver_leave(ret);
}

CUresult cuMemGetInfo(size_t *free_bytes, size_t *total_bytes)
{
	struct gpu_answer list;
	const struct gpu_info *gpu;
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	if (!free_bytes || !total_bytes)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	pthread_mutex_lock(&driver.mutex);
	ret = gpu_link_list(&driver.link, &list);
	pthread_mutex_unlock(&driver.mutex);
	if (ret)
		return driver_leave(ret);
	gpu = &list.gpus[driver.devices[device].gpu];
	*free_bytes = gpu->free_bytes;
	*total_bytes = gpu->bytes;
	return driver_leave(CUDA_SUCCESS);
}
