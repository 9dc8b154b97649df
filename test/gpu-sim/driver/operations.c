/* SPDX-License-Identifier: GPL-2.0-only */
#include "operations.h"

#include "device_map.h"
#include "driver.h"
#include "threads.h"

/*
 * The driver hangs as long as another thread of the process is stopped, and
 * counts its timeout only from then on.
 */
static void wait_for_stopped_threads(void)
{
	while (threads_any_other_is_stopped())
		clock_sleep_ms(5);
}

/* Work goes on with the gate closed; nothing can be added to it. */
static bool wait_for_streams(uint64_t deadline)
{
	uint64_t until = driver_busy_until(-1);

	if (!memberships_wait(&driver.memberships, -1, deadline))
		return false;
	clock_sleep_until(until < deadline ? until : deadline);
	return until <= deadline;
}

static CUresult lock(const struct request *request)
{
	uint64_t deadline;

	wait_for_stopped_threads();
	deadline = clock_deadline(request->timeout_ms);
	if (!gate_close(&driver.gate, deadline))
		return CUDA_ERROR_NOT_READY;
	if (!wait_for_streams(deadline)) {
		gate_open(&driver.gate);
		return CUDA_ERROR_NOT_READY;
	}
	return CUDA_SUCCESS;
}

static CUresult checkpoint(const struct request *request)
{
	CUresult ret;

	(void)request;
	if (memory_has_managed(&driver.memory))
		return CUDA_ERROR_NOT_SUPPORTED;
	ret = memory_save(&driver.memory, &driver.link);
	if (ret)
		return ret;
	memberships_leave(&driver.memberships);
	gpu_link_close(&driver.link);
	uvm_socket_close(&driver.uvm);
	return CUDA_SUCCESS;
}

/* The clock may have jumped while the process was an image. */
static void forget_moments(void)
{
	for (int i = 0; i < driver.device_count; i++)
		driver.devices[i].null_stream.busy_until = 0;
	for (CUstream stream = driver.streams; stream; stream = stream->next)
		stream->busy_until = 0;
}

static CUresult load(const struct request *request, const struct gpu_answer *list)
{
	uint32_t gpus[GPU_MAX];
	CUresult ret = device_map(driver.uuids, driver.device_count, list, request->pairs,
				  request->pair_count, gpus);

	if (!ret)
		ret = memberships_rejoin(&driver.memberships, &driver.link);
	if (!ret)
		ret = memory_load(&driver.memory, &driver.link, gpus);
	if (ret)
		return ret;
	driver_adopt_gpus(list, gpus, driver.device_count);
	forget_moments();
	return CUDA_SUCCESS;
}

static CUresult restore(const struct request *request)
{
	struct gpu_answer list;
	CUresult ret = gpu_link_open(&driver.link, driver.settings.socket, &list);

	if (ret)
		return ret;
	if (uvm_socket_open(&driver.uvm) < 0)
		ret = CUDA_ERROR_OPERATING_SYSTEM;
	else
		ret = load(request, &list);
	if (ret) {
		memberships_leave(&driver.memberships);
		uvm_socket_close(&driver.uvm);
		gpu_link_close(&driver.link);
	}
	if (ret == CUDA_ERROR_OUT_OF_MEMORY)
		driver.state = CU_PROCESS_STATE_FAILED;
	return ret;
}

static CUresult unlock(const struct request *request)
{
	(void)request;
	gate_open(&driver.gate);
	return CUDA_SUCCESS;
}

static const struct {
	CUresult (*run)(const struct request *request);
	CUprocessState from, to;
} ladder[OPERATIONS] = {
	/* clang-format off */
	[OPERATION_LOCK]       = { lock,       CU_PROCESS_STATE_RUNNING,      CU_PROCESS_STATE_LOCKED },
	[OPERATION_CHECKPOINT] = { checkpoint, CU_PROCESS_STATE_LOCKED,       CU_PROCESS_STATE_CHECKPOINTED },
	[OPERATION_RESTORE]    = { restore,    CU_PROCESS_STATE_CHECKPOINTED, CU_PROCESS_STATE_LOCKED },
	[OPERATION_UNLOCK]     = { unlock,     CU_PROCESS_STATE_LOCKED,       CU_PROCESS_STATE_RUNNING },
	/* clang-format on */
};

static CUresult step(const struct request *request)
{
	CUresult ret;

	if (request->operation >= OPERATIONS)
		return CUDA_ERROR_INVALID_VALUE;
	ret = faults_meet(&driver.faults, (enum operation)request->operation);
	if (ret || !ladder[request->operation].run)
		return ret;
	if (driver.state != ladder[request->operation].from)
		return CUDA_ERROR_ILLEGAL_STATE;
	ret = ladder[request->operation].run(request);
	if (!ret)
		driver.state = ladder[request->operation].to;
	return ret;
}

void operations_serve(const struct request *request, struct answer *answer)
{
	answer->result = step(request);
	answer->state = driver.state;
}
