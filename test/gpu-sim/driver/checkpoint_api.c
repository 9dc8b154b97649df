/* SPDX-License-Identifier: GPL-2.0-only */
/* The six checkpoint functions, called by some other process, without cuInit. */
#include <string.h>

#include "call.h"
#include "driver.h"
#include "target.h"
#include "version.h"

static bool is_zero(const void *bytes, size_t count)
{
	const char *at = bytes;

	for (size_t i = 0; i < count; i++) {
		if (at[i])
			return false;
	}
	return true;
}

static CUresult call_plainly(int pid, enum operation operation, const void *args,
			     size_t bytes)
{
	struct request request = { .operation = operation };
	CUprocessState state;

	if (args && !is_zero(args, bytes))
		return CUDA_ERROR_INVALID_VALUE;
	return call(pid, &request, &state);
}

CUresult cuCheckpointProcessGetRestoreThreadId(int pid, int *tid)
{
	struct target target;
	CUresult ret;

	if (!tid)
		return CUDA_ERROR_INVALID_VALUE;
	ret = target_find(pid, &target);
	if (!ret)
		*tid = target.tid;
	return ret;
}

CUresult cuCheckpointProcessGetState(int pid, CUprocessState *state)
{
	struct request request = { .operation = OPERATION_GET_STATE };
	CUprocessState now;
	CUresult ret;

	if (!state)
		return CUDA_ERROR_INVALID_VALUE;
	ret = call(pid, &request, &now);
	if (!ret)
		*state = now;
	return ret;
}

CUresult cuCheckpointProcessLock(int pid, CUcheckpointLockArgs *args)
{
	struct request request = { .operation = OPERATION_LOCK };
	CUprocessState state;

	if (args &&
	    (args->reserved0 || !is_zero(args->reserved1, sizeof(args->reserved1))))
		return CUDA_ERROR_INVALID_VALUE;
	if (args)
		request.timeout_ms = args->timeoutMs;
	return call(pid, &request, &state);
}

CUresult cuCheckpointProcessCheckpoint(int pid, CUcheckpointCheckpointArgs *args)
{
	return call_plainly(pid, OPERATION_CHECKPOINT, args, sizeof(*args));
}

CUresult cuCheckpointProcessUnlock(int pid, CUcheckpointUnlockArgs *args)
{
	return call_plainly(pid, OPERATION_UNLOCK, args, sizeof(*args));
}

/* Before CUDA 13.0 the argument was all reserved, so pairs were garbage in it. */
static CUresult take_pairs(const CUcheckpointRestoreArgs *args, struct request *request)
{
	const size_t reserved = offsetof(CUcheckpointRestoreArgs, reserved);
	bool pairs = args->gpuPairs || args->gpuPairsCount;

	if (!is_zero((const char *)args + reserved, sizeof(*args) - reserved))
		return CUDA_ERROR_INVALID_VALUE;
	if (pairs && (version_of_driver() < 13000 || !args->gpuPairs ||
		      args->gpuPairsCount > GPU_MAX))
		return CUDA_ERROR_INVALID_VALUE;
	request->pair_count = args->gpuPairsCount;
	if (args->gpuPairsCount)
		memcpy(request->pairs, args->gpuPairs,
		       args->gpuPairsCount * sizeof(*args->gpuPairs));
	return CUDA_SUCCESS;
}

/* With persistence mode off the GPU sleeps until somebody initialises it. */
static bool gpu_is_asleep(void)
{
	const char *persistence = getenv("CUDA_SIM_PERSISTENCE");

	return persistence && strcmp(persistence, "off") == 0 && driver.pid != getpid();
}

CUresult cuCheckpointProcessRestore(int pid, CUcheckpointRestoreArgs *args)
{
	struct request request = { .operation = OPERATION_RESTORE };
	CUprocessState state;
	CUresult ret = args ? take_pairs(args, &request) : CUDA_SUCCESS;

	if (ret)
		return ret;
	if (gpu_is_asleep())
		return CUDA_ERROR_NOT_INITIALIZED;
	return call(pid, &request, &state);
}
