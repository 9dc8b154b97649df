/* SPDX-License-Identifier: GPL-2.0-only */
/* The devices and their primary contexts, as the API shows them. */
#include <stdio.h>

#include "driver.h"

/* A context is no more than the device that it is for: it points to that. */
static _Thread_local struct device *current;

static bool is_device(CUdevice device)
{
	return device >= 0 && device < driver.device_count;
}

int context_current_device(void)
{
	return current ? (int)(current - driver.devices) : -1;
}

CUresult cuDeviceGetCount(int *count)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	if (!count)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	*count = driver.device_count;
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuDeviceGet(CUdevice *device, int ordinal)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	if (!device)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	if (!is_device(ordinal))
		return driver_leave(CUDA_ERROR_INVALID_DEVICE);
	*device = ordinal;
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuDeviceGetName(char *name, int size, CUdevice device)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	if (!is_device(device))
		return driver_leave(CUDA_ERROR_INVALID_DEVICE);
	if (!name || size <= 0)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	snprintf(name, (size_t)size, "%s", driver.devices[device].name);
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	if (!is_device(device))
		return driver_leave(CUDA_ERROR_INVALID_DEVICE);
	if (!uuid)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	*uuid = driver.uuids[device];
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	if (!is_device(device))
		return driver_leave(CUDA_ERROR_INVALID_DEVICE);
	if (!bytes)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	*bytes = driver.devices[device].bytes;
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	if (!is_device(device))
		return driver_leave(CUDA_ERROR_INVALID_DEVICE);
	if (!context)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	pthread_mutex_lock(&driver.mutex);
	driver.devices[device].retained++;
	pthread_mutex_unlock(&driver.mutex);
	*context = (CUcontext)&driver.devices[device];
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	if (!is_device(device))
		return driver_leave(CUDA_ERROR_INVALID_DEVICE);
	pthread_mutex_lock(&driver.mutex);
	if (driver.devices[device].retained)
		driver.devices[device].retained--;
	else
		ret = CUDA_ERROR_INVALID_CONTEXT;
	pthread_mutex_unlock(&driver.mutex);
	return driver_leave(ret);
}

CUresult cuCtxSetCurrent(CUcontext context)
{
	CUresult ret = driver_enter();

	if (ret)
		return ret;
	current = (struct device *)context;
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuCtxSynchronize(void)
{
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	driver_wait_until_idle(device);
	return driver_leave(CUDA_SUCCESS);
}
