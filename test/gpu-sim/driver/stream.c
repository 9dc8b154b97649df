/* SPDX-License-Identifier: GPL-2.0-only */
#include "stream.h"

#include "driver.h"

uint64_t stream_add_work(CUstream stream, size_t bytes, unsigned int mbps)
{
	uint64_t now = clock_now();

	if (stream->busy_until < now)
		stream->busy_until = now;
	if (mbps)
		stream->busy_until += bytes * 1000 / mbps;
	return stream->busy_until;
}

void stream_add_collective(CUstream stream, const struct membership *membership)
{
	stream->membership = membership;
	stream->step = membership->launched;
}

uint64_t driver_busy_until(int device)
{
	uint64_t latest = 0;

	for (int i = 0; i < driver.device_count; i++) {
		uint64_t until = driver.devices[i].null_stream.busy_until;

		if ((device < 0 || device == i) && until > latest)
			latest = until;
	}
	for (CUstream stream = driver.streams; stream; stream = stream->next) {
		if ((device < 0 || device == stream->device) &&
		    stream->busy_until > latest)
			latest = stream->busy_until;
	}
	return latest;
}

void driver_wait_until_idle(int device)
{
	uint64_t until;

	pthread_mutex_lock(&driver.mutex);
	until = driver_busy_until(device);
	pthread_mutex_unlock(&driver.mutex);
	memberships_wait(&driver.memberships, device, CLOCK_NEVER);
	clock_sleep_until(until);
}

CUresult cuStreamCreate(CUstream *ret_stream, unsigned int flags)
{
	CUstream stream;
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	if (!ret_stream || flags > CU_STREAM_NON_BLOCKING)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return driver_leave(CUDA_ERROR_OUT_OF_MEMORY);
	stream->device = device;
	pthread_mutex_lock(&driver.mutex);
	stream->next = driver.streams;
	driver.streams = stream;
	pthread_mutex_unlock(&driver.mutex);
	*ret_stream = stream;
	return driver_leave(CUDA_SUCCESS);
}

CUresult cuStreamDestroy(CUstream stream)
{
	CUresult ret = driver_enter();
	CUstream *at = &driver.streams;

	if (ret)
		return ret;
	pthread_mutex_lock(&driver.mutex);
	while (*at && *at != stream)
		at = &(*at)->next;
	if (*at)
		*at = stream->next;
	else
		ret = CUDA_ERROR_INVALID_HANDLE;
	pthread_mutex_unlock(&driver.mutex);
	if (!ret)
		free(stream);
	return driver_leave(ret);
}

CUresult cuStreamSynchronize(CUstream stream)
{
	struct CUstream_st now;
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	pthread_mutex_lock(&driver.mutex);
	now = stream ? *stream : driver.devices[device].null_stream;
	pthread_mutex_unlock(&driver.mutex);
	if (now.membership)
		membership_wait(now.membership, now.step, CLOCK_NEVER);
	clock_sleep_until(now.busy_until);
	return driver_leave(CUDA_SUCCESS);
}
