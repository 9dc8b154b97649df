/* SPDX-License-Identifier: MIT */
#include "gpu_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

/* Where processes come faster than the list grows, something is wrong. */
#define PROCESSES_FIRST 64
#define PROCESSES_MAX	(1U << 20)

/* One of those that were asked for. */
struct holder {
	bool is_named;
	bool is_unavailable; /* on some GPU */
	uint64_t bytes;
};

/* The processes on one GPU. */
struct processes {
	nvmlProcessInfo_t *infos;
	unsigned int room;
	unsigned int count;
};

static int out_of_memory(void)
{
	fputs("cuda-checkpoint: out of memory\n", stderr);
	return -ENOMEM;
}

static int make_room(struct processes *processes, unsigned int room)
{
	nvmlProcessInfo_t *infos;

	infos = reallocarray(processes->infos, room, sizeof(*infos));
	if (!infos)
		return out_of_memory();

	processes->infos = infos;
	processes->room = room;
	return 0;
}

static int refuse(const struct libnvml *libnvml, const char *what, nvmlReturn_t result)
{
	fprintf(stderr, "cuda-checkpoint: NVML cannot %s: \"%s\"\n", what,
		libnvml->nvmlErrorString(result));
	return -EIO;
}

static int refuse_gpu(const struct libnvml *libnvml, const char *what, unsigned int gpu,
		      nvmlReturn_t result)
{
	fprintf(stderr, "cuda-checkpoint: NVML cannot %s GPU %u: \"%s\"\n", what, gpu,
		libnvml->nvmlErrorString(result));
	return -EIO;
}

static int list(const struct libnvml *libnvml, unsigned int gpu, nvmlDevice_t device,
		struct processes *processes)
{
	nvmlReturn_t result;
	int ret;

	for (;;) {
		processes->count = processes->room;
		result = libnvml->nvmlDeviceGetComputeRunningProcesses_v3(
			device, &processes->count, processes->infos);
		if (result == NVML_SUCCESS)
			return 0;
		if (result != NVML_ERROR_INSUFFICIENT_SIZE ||
		    processes->count > PROCESSES_MAX || processes->room > PROCESSES_MAX)
			return refuse_gpu(libnvml, "list the processes of", gpu, result);

		/* More than it says: others may come meanwhile. */
		ret = make_room(processes, 2 * (processes->count > processes->room
							? processes->count
							: processes->room));
		if (ret < 0)
			return ret;
	}
}

static void add(struct holder *holder, const nvmlProcessInfo_t *info)
{
	holder->is_named = true;
	if (info->usedGpuMemory == NVML_VALUE_NOT_AVAILABLE)
		holder->is_unavailable = true;
	else
		holder->bytes += info->usedGpuMemory;
}

/* A process is on the list once for each GPU, with MIG for each instance. */
static void add_all(const struct processes *processes, const int *pids,
		    struct holder *holders, size_t count)
{
	for (unsigned int i = 0; i < processes->count; i++)
		for (size_t j = 0; j < count; j++)
			if (processes->infos[i].pid == (unsigned int)pids[j])
				add(&holders[j], &processes->infos[i]);
}

static int look_at(const struct libnvml *libnvml, unsigned int gpu,
		   struct processes *processes)
{
	nvmlDevice_t device;
	nvmlReturn_t result;

	result = libnvml->nvmlDeviceGetHandleByIndex_v2(gpu, &device);
	if (result != NVML_SUCCESS)
		return refuse_gpu(libnvml, "find", gpu, result);

	return list(libnvml, gpu, device, processes);
}

/* NVML is initialised. */
static int look_at_all(const struct libnvml *libnvml, const int *pids,
		       struct holder *holders, size_t count)
{
	struct processes processes = { .infos = NULL };
	unsigned int gpus;
	nvmlReturn_t result;
	int ret;

	result = libnvml->nvmlDeviceGetCount_v2(&gpus);
	if (result != NVML_SUCCESS)
		return refuse(libnvml, "count the GPUs", result);
	if (!gpus) {
		fputs("cuda-checkpoint: there is no NVIDIA GPU here\n", stderr);
		return -ENODEV;
	}

	ret = make_room(&processes, PROCESSES_FIRST);
	for (unsigned int gpu = 0; !ret && gpu < gpus; gpu++) {
		ret = look_at(libnvml, gpu, &processes);
		if (!ret)
			add_all(&processes, pids, holders, count);
	}

	free(processes.infos);
	return ret;
}

int gpu_memory_print(const int *pids, size_t count, const struct libnvml *libnvml)
{
	struct holder *holders autofree = calloc(count, sizeof(*holders));
	nvmlReturn_t result;
	int ret;

	if (!holders)
		return out_of_memory();

	result = libnvml->nvmlInit_v2();
	if (result != NVML_SUCCESS)
		return refuse(libnvml, "start", result);

	ret = look_at_all(libnvml, pids, holders, count);
	(void)libnvml->nvmlShutdown();
	if (ret < 0)
		return ret;

	for (size_t i = 0; i < count; i++) {
		if (!holders[i].is_named || holders[i].is_unavailable)
			printf("%d unknown\n", pids[i]);
		else
			printf("%d %" PRIu64 "\n", pids[i], holders[i].bytes);
	}
	return 0;
}
