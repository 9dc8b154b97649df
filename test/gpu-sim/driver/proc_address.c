/* SPDX-License-Identifier: GPL-2.0-only */
/* cuGetProcAddress: the newest function of a name that a CUDA version knows. */
#include <string.h>

#include "api.h"
#include "version.h"

/* The name as programs write it; the address is that of the version behind it. */
#define FUNCTION(name, version)                         \
	{                                               \
#name, (void *)(uintptr_t)name, version \
	}

static const struct {
	const char *name;
	void *address;
	int since;
} functions[] = {
	FUNCTION(cuInit, 2000),
	FUNCTION(cuDriverGetVersion, 2020),
	FUNCTION(cuGetErrorString, 6000),
	FUNCTION(cuGetErrorName, 6000),
	FUNCTION(cuGetProcAddress, 12000),
	FUNCTION(cuDeviceGetCount, 2000),
	FUNCTION(cuDeviceGet, 2000),
	FUNCTION(cuDeviceGetName, 2000),
	FUNCTION(cuDeviceGetUuid, 11040),
	FUNCTION(cuDeviceTotalMem, 3020),
	FUNCTION(cuDevicePrimaryCtxRetain, 7000),
	FUNCTION(cuDevicePrimaryCtxRelease, 11000),
	FUNCTION(cuCtxSetCurrent, 4000),
	FUNCTION(cuCtxSynchronize, 2000),
	FUNCTION(cuMemAlloc, 3020),
	FUNCTION(cuMemAllocManaged, 6000),
	FUNCTION(cuMemFree, 3020),
	FUNCTION(cuMemGetInfo, 3020),
	FUNCTION(cuMemcpyHtoD, 3020),
	FUNCTION(cuMemcpyDtoH, 3020),
	FUNCTION(cuMemcpyDtoD, 3020),
	FUNCTION(cuMemcpyDtoDAsync, 3020),
	FUNCTION(cuMemsetD8, 3020),
	FUNCTION(cuMemsetD32, 3020),
	FUNCTION(cuMemsetD32Async, 3020),
	FUNCTION(cuStreamCreate, 2000),
	FUNCTION(cuStreamDestroy, 4000),
	FUNCTION(cuStreamSynchronize, 2000),
	FUNCTION(cuSimCollective, 2000),
	FUNCTION(cuCheckpointProcessGetRestoreThreadId, 12080),
	FUNCTION(cuCheckpointProcessGetState, 12080),
	FUNCTION(cuCheckpointProcessLock, 12080),
	FUNCTION(cuCheckpointProcessCheckpoint, 12080),
	FUNCTION(cuCheckpointProcessRestore, 12080),
	FUNCTION(cuCheckpointProcessUnlock, 12080),
};

static CUdriverProcAddressQueryResult look_up(const char *name, int version,
					      void **ret_function)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (strcmp(functions[i].name, name) != 0)
			continue;
		if (functions[i].since > version)
			return CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT;
		*ret_function = functions[i].address;
		return CU_GET_PROC_ADDRESS_SUCCESS;
	}
	return CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
}

CUresult cuGetProcAddress(const char *symbol, void **function, int version,
			  cuuint64_t flags, CUdriverProcAddressQueryResult *status)
{
	CUdriverProcAddressQueryResult found;

	if (!symbol || !function || flags > 2 || version > version_of_driver())
		return CUDA_ERROR_INVALID_VALUE;
	*function = NULL;
	found = look_up(symbol, version, function);
	if (status)
		*status = found;
	return CUDA_SUCCESS;
}
