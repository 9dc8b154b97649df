/* SPDX-License-Identifier: GPL-2.0-only */
/* The simulated NVML: who holds how much memory on which GPU. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"
#include "nvml_abi.h"

/* The victim's memory and the page that its count is in. */
#define VICTIM_BYTES ((VICTIM_MIB << 20) + 4096)

static struct {
	__typeof__(nvmlInit_v2) *init;
	__typeof__(nvmlShutdown) *shutdown;
	__typeof__(nvmlErrorString) *text;
	__typeof__(nvmlDeviceGetCount_v2) *count;
	__typeof__(nvmlDeviceGetHandleByIndex_v2) *handle;
	__typeof__(nvmlDeviceGetComputeRunningProcesses_v3) *list;
} nvml;

static void *find(void *library, const char *name)
{
	void *function = dlsym(library, name);

	assert_non_null(function);
	return function;
}

static int load(void **state)
{
	void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW);

	assert_non_null(library);
	nvml.init = find(library, "nvmlInit_v2");
	nvml.shutdown = find(library, "nvmlShutdown");
	nvml.text = find(library, "nvmlErrorString");
	nvml.count = find(library, "nvmlDeviceGetCount_v2");
	nvml.handle = find(library, "nvmlDeviceGetHandleByIndex_v2");
	nvml.list = find(library, "nvmlDeviceGetComputeRunningProcesses_v3");
	return two_gpus(state);
}

static int end(void **state)
{
	(void)state;
	unsetenv("CUDA_SIM_NVML");
	nvml.shutdown();
	return 0;
}

static nvmlDevice_t gpu(unsigned int index)
{
	nvmlDevice_t device;

	assert_int_equal(nvml.handle(index, &device), NVML_SUCCESS);
	return device;
}

/* What the one process on GPU 0 holds, whichever it is to be; 0: there is none. */
static uint64_t held_by(pid_t pid)
{
	nvmlProcessInfo_t info;
	unsigned int count = 1;

	assert_int_equal(nvml.list(gpu(0), &count, &info), NVML_SUCCESS);
	if (!count)
		return 0;
	assert_int_equal(info.pid, pid);
	return info.usedGpuMemory;
}

static void a_process_holds_its_memory_until_it_is_checkpointed(void **state)
{
	struct victim victim;
	unsigned int count = 0;

	(void)state;
	victim_start(&victim);
	assert_int_equal(nvml.init(), NVML_SUCCESS);

	assert_int_equal(held_by(victim.pid), VICTIM_BYTES);
	assert_int_equal(nvml.list(gpu(1), &count, NULL), NVML_SUCCESS);
	assert_int_equal(count, 0);
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);
	assert_int_equal(held_by(victim.pid), VICTIM_BYTES);
	assert_int_equal(act(victim.pid, CHECKPOINT, 0), CUDA_SUCCESS);
	assert_int_equal(held_by(victim.pid), 0);
	resume(victim.pid);
	assert_int_equal(held_by(victim.pid), VICTIM_BYTES);

	victim_end(&victim);
	gpus_expect_used(0, 0);
	assert_int_equal(held_by(victim.pid), 0);
}

/* A connection of our own that holds a page of GPU 1. */
static int hold_a_page(void)
{
	const struct gpu_request request = { .kind = GPU_ALLOCATE,
					     .gpu = 1,
					     .bytes = 4096 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct gpu_answer answer;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 getenv("CUDA_SIM_SOCKET"));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, &request, sizeof(request), 0), sizeof(request));
	assert_int_equal(recv(fd, &answer, sizeof(answer), 0), sizeof(answer));
	assert_int_equal(answer.result, GPU_OK);
	return fd;
}

static void a_list_that_does_not_fit_says_how_long_it_is(void **state)
{
	enum {
		HOLDERS = GPU_PROCESSES_MAX + 5
	};
	nvmlProcessInfo_t infos[HOLDERS + 1] = { 0 };
	unsigned int count = 0;
	int fds[HOLDERS];

	(void)state;
	for (int i = 0; i < HOLDERS; i++)
		fds[i] = hold_a_page();
	assert_int_equal(nvml.init(), NVML_SUCCESS);

	assert_int_equal(nvml.list(gpu(1), &count, NULL), NVML_ERROR_INSUFFICIENT_SIZE);
	assert_int_equal(count, HOLDERS);
	count = HOLDERS - 1;
	assert_int_equal(nvml.list(gpu(1), &count, infos), NVML_ERROR_INSUFFICIENT_SIZE);
	count = HOLDERS + 1;
	assert_int_equal(nvml.list(gpu(1), &count, infos), NVML_SUCCESS);
	assert_int_equal(count, HOLDERS);
	for (int i = 0; i < HOLDERS; i++) {
		assert_int_equal(infos[i].pid, getpid());
		assert_int_equal(infos[i].usedGpuMemory, 4096);
		close(fds[i]);
	}
	gpus_expect_used(1, 0);
}

static void it_says_what_it_is_told_to(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);

	setenv("CUDA_SIM_NVML", "bytes=75161927680", 1);
	assert_int_equal(nvml.init(), NVML_SUCCESS);
	assert_int_equal(held_by(victim.pid), 75161927680);
	setenv("CUDA_SIM_NVML", "unknown", 1);
	nvml.shutdown();
	assert_int_equal(nvml.init(), NVML_SUCCESS);
	assert_true(held_by(victim.pid) == NVML_VALUE_NOT_AVAILABLE);

	victim_end(&victim);
	gpus_expect_used(0, 0);
}

static void init_fails_when_told_and_without_gpus(void **state)
{
	char path[108];

	(void)state;
	setenv("CUDA_SIM_NVML", "fail=15", 1);
	assert_int_equal(nvml.init(), NVML_ERROR_GPU_IS_LOST);
	assert_string_equal(nvml.text(NVML_ERROR_GPU_IS_LOST), "GPU is lost");
	unsetenv("CUDA_SIM_NVML");

	snprintf(path, sizeof(path), "%s", getenv("CUDA_SIM_SOCKET"));
	setenv("CUDA_SIM_SOCKET", "/nonexistent", 1);
	assert_int_equal(nvml.init(), NVML_ERROR_DRIVER_NOT_LOADED);
	setenv("CUDA_SIM_SOCKET", path, 1);
}

static void nonsense_in_the_environment_makes_init_fail(void **state)
{
	static const char *const nonsense[] = { "fail=0",    "fail=",	 "fail=x",
						"bytes=",    "bytes=-1", "bytes=1x",
						"unknown=1", "rubbish" };

	(void)state;
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		setenv("CUDA_SIM_NVML", nonsense[i], 1);
		assert_int_equal(nvml.init(), NVML_ERROR_UNKNOWN);
	}
}

static void without_init_nothing_works(void **state)
{
	nvmlDevice_t device;
	unsigned int count;

	(void)state;
	assert_int_equal(nvml.count(&count), NVML_ERROR_UNINITIALIZED);
	assert_int_equal(nvml.handle(0, &device), NVML_ERROR_UNINITIALIZED);
	assert_int_equal(nvml.init(), NVML_SUCCESS);
	assert_int_equal(nvml.count(&count), NVML_SUCCESS);
	assert_int_equal(count, 2);
	assert_int_equal(nvml.handle(2, &device), NVML_ERROR_INVALID_ARGUMENT);
}

#define CASE(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_process_holds_its_memory_until_it_is_checkpointed),
		CASE(a_list_that_does_not_fit_says_how_long_it_is),
		CASE(it_says_what_it_is_told_to),
		CASE(init_fails_when_told_and_without_gpus),
		CASE(nonsense_in_the_environment_makes_init_fail),
		CASE(without_init_nothing_works),
	};

	return cmocka_run_group_tests(tests, load, no_gpus);
}
