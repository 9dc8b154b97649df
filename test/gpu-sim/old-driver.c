/* SPDX-License-Identifier: GPL-2.0-only */
/* A libcuda.so.1 from before the checkpoint functions: CUDA 12.4. */
#pragma GCC visibility push(default)
#include "cuda.h"
#pragma GCC visibility pop

CUresult cuInit(unsigned int flags)
{
	return flags ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version)
{
	*version = 12040;
	return CUDA_SUCCESS;
}
