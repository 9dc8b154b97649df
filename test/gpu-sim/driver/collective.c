/* SPDX-License-Identifier: GPL-2.0-only */
/* cuSimCollective: work that several ranks do together. */
#include <string.h>

#include "driver.h"

CUresult cuSimCollective(CUstream stream, const char *name, unsigned int rank,
			 unsigned int ranks, unsigned int microseconds)
{
	struct gpu_request what = { .rank = rank, .ranks = ranks, .us = microseconds };
	const struct membership *membership;
	int device;
	CUresult ret = driver_enter_context(&device);

	if (ret)
		return ret;
	if (!name || strlen(name) >= GPU_NAME_MAX)
		return driver_leave(CUDA_ERROR_INVALID_VALUE);
	memcpy(what.name, name, strlen(name));
	pthread_mutex_lock(&driver.mutex);
	ret = memberships_launch(&driver.memberships, &driver.link, device, &what,
				 &membership);
	if (!stream)
		stream = &driver.devices[device].null_stream;
	if (!ret)
		stream_add_collective(stream, membership);
	pthread_mutex_unlock(&driver.mutex);
	return driver_leave(ret);
}
