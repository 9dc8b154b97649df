/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies and fills, as the API shows them.
 *
 * The bytes are moved at once, whatever the stream. A call that is not
 * asynchronous then waits until the stream would have done it.
 */
#include <string.h>

#include "driver.h"

/* NULL if not all of it is device memory of ours. */
static char *device_side(CUdeviceptr address, size_t bytes)
{
	char *at;

	pthread_mutex_lock(&driver.mutex);
	at = memory_at(&driver.memory, address, bytes);
	pthread_mutex_unlock(&driver.mutex);
	return at;
}

static uint64_t charge(int device, CUstream stream, size_t bytes)
{
	uint64_t until;

	pthread_mutex_lock(&driver.mutex);
	if (!stream)
		stream = &driver.devices[device].null_stream;
	until = stream_add_work(stream, bytes, driver.settings.copy_mbps);
	pthread_mutex_unlock(&driver.mutex);
	return until;
}

static void charge_and_wait(int device, size_t bytes)
{
	clock_sleep_until(charge(device, NULL, bytes));
}

CUresult cuMemcpyHtoD(CUdeviceptr to, const void *from, size_t bytes)
{
	char *at;
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	at = device_side(to, bytes);
	if (!at)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	memcpy(at, from, bytes);
	charge_and_wait(device, bytes);
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuMemcpyDtoH(void *to, CUdeviceptr from, size_t bytes)
{
	const char *at;
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	at = device_side(from, bytes);
	if (!at)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	memcpy(to, at, bytes);
	charge_and_wait(device, bytes);
	return driver_leave(CUDA_SUCCESS);
}

static CUresult copy_on_device(CUdeviceptr to, CUdeviceptr from, size_t bytes)
{
	char *to_at = device_side(to, bytes);
	const char *from_at = device_side(from, bytes);

	if (!to_at || !from_at)
		return CUDA_ERROR_INVALID_VALUE;
	memmove(to_at, from_at, bytes);
	return CUDA_SUCCESS;
}

CUresult cuMemcpyDtoD(CUdeviceptr to, CUdeviceptr from, size_t bytes)
{
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	ret = copy_on_device(to, from, bytes);
	if (!ret)
		charge_and_wait(device, bytes);
	return driver_leave(ret);
}

CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes,
			   CUstream stream)
{
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	ret = copy_on_device(to, from, bytes);
	if (!ret)
		charge(device, stream, bytes);
	return driver_leave(ret);
}

CUresult cuMemsetD8(CUdeviceptr to, unsigned char value, size_t count)
{
	char *at;
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	at = device_side(to, count);
	if (!at)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	memset(at, value, count);
	charge_and_wait(device, count);
	return driver_leave(CUDA_SUCCESS);
}

static CUresult fill_words(CUdeviceptr to, unsigned int value, size_t count)
{
	char *at = NULL;

	if (count <= SIZE_MAX / sizeof(value) && to % sizeof(value) == 0)
		at = device_side(to, count * sizeof(value));
	if (!at)
		return CUDA_ERROR_INVALID_VALUE;
	for (size_t i = 0; i < count; i++)
		memcpy(at + i * sizeof(value), &value, sizeof(value));
	return CUDA_SUCCESS;
}

CUresult cuMemsetD32(CUdeviceptr to, unsigned int value, size_t count)
{
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	ret = fill_words(to, value, count);
	if (!ret)
		charge_and_wait(device, count * sizeof(value));
	return driver_leave(ret);
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned int value, size_t count,
			  CUstream stream)
{
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	ret = fill_words(to, value, count);
	if (!ret)
		charge(device, stream, count * sizeof(value));
	return driver_leave(ret);
}
