/* SPDX-License-Identifier: GPL-2.0-only */
/* The older versions of some functions: what dlsym finds under the plain name. */
#include <limits.h>

#include "api.h"

#undef cuDeviceGetUuid
#undef cuDeviceTotalMem
#undef cuDevicePrimaryCtxRelease
#undef cuGetProcAddress

#pragma GCC visibility push(default)
CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device);
CUresult cuDeviceTotalMem(unsigned int *bytes, CUdevice device);
CUresult cuDevicePrimaryCtxRelease(CUdevice device);
CUresult cuGetProcAddress(const char *symbol, void **function, int version,
			  cuuint64_t flags);
#pragma GCC visibility pop

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device)
{
	return cuDeviceGetUuid_v2(uuid, device);
}

CUresult cuDeviceTotalMem(unsigned int *bytes, CUdevice device)
{
	size_t all = 0;
	CUresult ret = cuDeviceTotalMem_v2(bytes ? &all : NULL, device);

	if (!ret && bytes)
		*bytes = all > UINT_MAX ? UINT_MAX : (unsigned int)all;
	return ret;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device)
{
	return cuDevicePrimaryCtxRelease_v2(device);
}

CUresult cuGetProcAddress(const char *symbol, void **function, int version,
			  cuuint64_t flags)
{
	CUresult ret = cuGetProcAddress_v2(symbol, function, version, flags, NULL);

	return ret || *function ? ret : CUDA_ERROR_NOT_FOUND;
}
