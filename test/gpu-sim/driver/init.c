/* SPDX-License-Identifier: GPL-2.0-only */
/* cuInit: from nothing to a process that has a GPU and can be checkpointed. */
#include "driver.h"
#include "operations.h"
#include "version.h"

/*
 * The settings are looked at first: a test that misspells one is to fail, not
 * to run without it.
 */
static CUresult read_environment(void)
{
	if (settings_read(&driver.settings) < 0 || faults_read(&driver.faults) < 0)
		return CUDA_ERROR_INVALID_VALUE;
	return CUDA_SUCCESS;
}

static CUresult connect_gpus(void)
{
	static const uint32_t as_listed[GPU_MAX] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct gpu_answer list;
	CUresult ret = gpu_link_open(&driver.link, driver.settings.socket, &list);

	if (!ret)
		driver_adopt_gpus(&list, as_listed, (int)list.count);
	return ret;
}

static CUresult start(void)
{
	CUresult ret = read_environment();

	if (ret)
		return ret;
	clock_sleep_ms(driver.settings.init_ms);
	ret = connect_gpus();
	if (ret)
		return ret;
	if (uvm_socket_init(&driver.uvm) < 0 ||
	    restore_thread_start(&driver.restore_thread, operations_serve) < 0) {
		uvm_socket_close(&driver.uvm);
		gpu_link_close(&driver.link);
		return CUDA_ERROR_OPERATING_SYSTEM;
	}
	driver.pid = getpid();
	return CUDA_SUCCESS;
}

/* Inside the gate, so that nobody locks a process that is half initialised. */
CUresult cuInit(unsigned int flags)
{
	CUresult ret = CUDA_SUCCESS;

	if (flags)
		return CUDA_ERROR_INVALID_VALUE;
	if (driver.pid && driver.pid != getpid())
		return CUDA_ERROR_NOT_INITIALIZED;
	gate_enter(&driver.gate);
	pthread_mutex_lock(&driver.mutex);
	if (!driver.pid)
		ret = start();
	pthread_mutex_unlock(&driver.mutex);
	return driver_leave(ret);
}

CUresult cuDriverGetVersion(int *version)
{
	if (!version)
		return CUDA_ERROR_INVALID_VALUE;
	*version = version_of_driver();
	return CUDA_SUCCESS;
}
