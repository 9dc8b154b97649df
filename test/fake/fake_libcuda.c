/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include "fake_libcuda.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libcuda.h"

struct fake_libcuda fake_libcuda;

static void printf_format(1, 2) note(const char *format, ...)
{
	size_t used = strlen(fake_libcuda.journal);
	va_list values;

	va_start(values, format);
	vsnprintf(fake_libcuda.journal + used, sizeof(fake_libcuda.journal) - used,
		  format, values);
	va_end(values);
}

static CUresult finish(CUresult result)
{
	if (result != CUDA_SUCCESS)
		note(" = %d", (int)result);
	note(";");
	return result;
}

/* Each call begins here: it is counted, and may be the one that fails. */
static CUresult begin(void)
{
	unsigned int call = ++fake_libcuda.calls;

	if (call == fake_libcuda.fail_call ||
	    (fake_libcuda.fail_from && call >= fake_libcuda.fail_from))
		return fake_libcuda.fail_result;

	return CUDA_SUCCESS;
}

static CUresult begin_with(int pid)
{
	CUresult result = begin();

	if (result == CUDA_SUCCESS && pid != fake_libcuda.pid)
		result = CUDA_ERROR_NOT_INITIALIZED;

	return result;
}

static CUresult move(int pid, enum cuda_action action)
{
	CUresult result = begin_with(pid);

	if (result == CUDA_SUCCESS && fake_libcuda.state != (int)cuda_action_from(action))
		result = CUDA_ERROR_ILLEGAL_STATE;
	if (result == CUDA_SUCCESS && action == CUDA_RESTORE && fake_libcuda.asleep)
		result = CUDA_ERROR_NOT_INITIALIZED;
	if (result == CUDA_SUCCESS)
		fake_libcuda.state = (int)cuda_action_to(action);

	return finish(result);
}

static CUresult fake_init(unsigned int flags)
{
	note("init %u", flags);
	if (fake_libcuda.init_result == CUDA_SUCCESS)
		fake_libcuda.asleep = false;

	return finish(fake_libcuda.init_result);
}

static CUresult fake_version(int *version)
{
	CUresult result = begin();

	note("version");
	if (result == CUDA_SUCCESS)
		*version = fake_libcuda.version;

	return finish(result);
}

static CUresult fake_restore_thread_id(int pid, int *tid)
{
	CUresult result = begin_with(pid);

	note("tid %d", pid);
	if (result == CUDA_SUCCESS)
		*tid = fake_libcuda.restore_tid;

	return finish(result);
}

static CUresult fake_state(int pid, CUprocessState *state)
{
	CUresult result = begin_with(pid);

	note("state %d", pid);
	if (result == CUDA_SUCCESS)
		*state = (CUprocessState)fake_libcuda.state;

	return finish(result);
}

static CUresult fake_lock(int pid, CUcheckpointLockArgs *args)
{
	note("lock %d", pid);
	if (args && args->timeoutMs)
		note(" timeout %u", args->timeoutMs);

	return move(pid, CUDA_LOCK);
}

static CUresult fake_checkpoint(int pid, CUcheckpointCheckpointArgs *args)
{
	(void)args;
	note("checkpoint %d", pid);
	return move(pid, CUDA_CHECKPOINT);
}

static CUresult fake_restore(int pid, CUcheckpointRestoreArgs *args)
{
	note("restore %d", pid);
	for (unsigned int i = 0; args && i < args->gpuPairsCount; i++)
		note(" %02x..%02x", (unsigned char)args->gpuPairs[i].oldUuid.bytes[0],
		     (unsigned char)args->gpuPairs[i].newUuid.bytes[15]);

	return move(pid, CUDA_RESTORE);
}

static CUresult fake_unlock(int pid, CUcheckpointUnlockArgs *args)
{
	(void)args;
	note("unlock %d", pid);
	return move(pid, CUDA_UNLOCK);
}

void fake_libcuda_reset(void)
{
	fake_libcuda = (struct fake_libcuda){
		.pid = 7,
		.restore_tid = 8,
		.state = CUDA_RUNNING,
		.version = 13000,
	};
}

int libcuda_load(struct libcuda *ret_libcuda, char ret_reason[LIBCUDA_REASON_SIZE])
{
	(void)ret_reason;
	*ret_libcuda = (struct libcuda){
		.cuInit = fake_init,
		.cuDriverGetVersion = fake_version,
		.cuCheckpointProcessGetRestoreThreadId = fake_restore_thread_id,
		.cuCheckpointProcessGetState = fake_state,
		.cuCheckpointProcessLock = fake_lock,
		.cuCheckpointProcessCheckpoint = fake_checkpoint,
		.cuCheckpointProcessRestore = fake_restore,
		.cuCheckpointProcessUnlock = fake_unlock,
	};
	return 0;
}

int libcuda_open(struct libcuda *ret_libcuda)
{
	return libcuda_load(ret_libcuda, NULL);
}

/* Numbers: what a test expects is then the code, whatever the driver calls it. */
const char *libcuda_error_text(struct libcuda *libcuda, CUresult result)
{
	snprintf(libcuda->unnamed_error, sizeof(libcuda->unnamed_error), "error %d",
		 (int)result);
	return libcuda->unnamed_error;
}
