/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver's words for its results. */
#include "api.h"

static const struct {
	CUresult result;
	const char *name;
	const char *text;
} words[] = {
	/* clang-format off */
	{ CUDA_SUCCESS,                   "CUDA_SUCCESS",                   "no error" },
	{ CUDA_ERROR_INVALID_VALUE,       "CUDA_ERROR_INVALID_VALUE",       "invalid argument" },
	{ CUDA_ERROR_OUT_OF_MEMORY,       "CUDA_ERROR_OUT_OF_MEMORY",       "out of memory" },
	{ CUDA_ERROR_NOT_INITIALIZED,     "CUDA_ERROR_NOT_INITIALIZED",     "initialization error" },
	{ CUDA_ERROR_NO_DEVICE,           "CUDA_ERROR_NO_DEVICE",           "no CUDA-capable device is detected" },
	{ CUDA_ERROR_INVALID_DEVICE,      "CUDA_ERROR_INVALID_DEVICE",      "invalid device ordinal" },
	{ CUDA_ERROR_INVALID_CONTEXT,     "CUDA_ERROR_INVALID_CONTEXT",     "invalid device context" },
	{ CUDA_ERROR_OPERATING_SYSTEM,    "CUDA_ERROR_OPERATING_SYSTEM",    "OS call failed or operation not supported on this OS" },
	{ CUDA_ERROR_INVALID_HANDLE,      "CUDA_ERROR_INVALID_HANDLE",      "invalid resource handle" },
	{ CUDA_ERROR_ILLEGAL_STATE,       "CUDA_ERROR_ILLEGAL_STATE",       "the operation cannot be performed in the present state" },
	{ CUDA_ERROR_NOT_FOUND,           "CUDA_ERROR_NOT_FOUND",           "named symbol not found" },
	{ CUDA_ERROR_NOT_READY,           "CUDA_ERROR_NOT_READY",           "device not ready" },
	{ CUDA_ERROR_NOT_PERMITTED,       "CUDA_ERROR_NOT_PERMITTED",       "operation not permitted" },
	{ CUDA_ERROR_NOT_SUPPORTED,       "CUDA_ERROR_NOT_SUPPORTED",       "operation not supported" },
	{ CUDA_ERROR_UNKNOWN,             "CUDA_ERROR_UNKNOWN",             "unknown error" },
	/* clang-format on */
};

static int find(CUresult result)
{
	for (int i = 0; i < (int)(sizeof(words) / sizeof(words[0])); i++) {
		if (words[i].result == result)
			return i;
	}
	return -1;
}

CUresult cuGetErrorString(CUresult error, const char **string)
{
	int i = find(error);

	if (!string)
		return CUDA_ERROR_INVALID_VALUE;
	*string = i < 0 ? NULL : words[i].text;
	return i < 0 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char **name)
{
	int i = find(error);

	if (!name)
		return CUDA_ERROR_INVALID_VALUE;
	*name = i < 0 ? NULL : words[i].name;
	return i < 0 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}
