/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GPUs, and how they are set up.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "examination.h"
#include "machine.h"
#include "process_name.h"
#include "quantity.h"

#define MPS	   "nvidia-cuda-mps-control"
#define NAMES_SIZE 512

static void name_gpus(const struct gpu_list *gpus, char names[NAMES_SIZE])
{
	size_t length = 0;

	names[0] = '\0';
	for (size_t i = 0; i < gpus->count && length < NAMES_SIZE; i++) {
		char memory[QUANTITY_SIZE];

		quantity_bytes(gpus->at[i].memory, memory);
		length += (size_t)snprintf(
			names + length, NAMES_SIZE - length, "%s%s with %s",
			i ? ", " : ": ", gpus->at[i].name,
			gpus->at[i].memory ? memory : "memory of the host");
	}
}

void check_gpus(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const size_t count = machine_gpus();
	char reason[256] = "", names[NAMES_SIZE];

	if (!count && examination->options.force) {
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "none in " MACHINE_GPUS_FOLDER
			       ", and the option force is on");
		return;
	}
	if (!count) {
		diagnosis_find(ret_diagnosis, GRADE_ERROR,
			       "there is none in " MACHINE_GPUS_FOLDER);
		diagnosis_advise(ret_diagnosis, "only processes without CUDA can be "
						"dumped and restored here");
		return;
	}

	if (gpu_list_ask(&examination->gpus, reason, sizeof(reason))) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "%zu, of which no more can be said: %s", count, reason);
		diagnosis_advise(ret_diagnosis,
				 "with NVIDIA's nvidia-smi on PATH persistence mode and "
				 "MIG can be seen");
		return;
	}

	name_gpus(&examination->gpus, names);
	diagnosis_find(ret_diagnosis, GRADE_OK, "%zu%s", count, names);
}

/* "0, 2": those whose @setting is @value. Return: how many. */
static size_t list_those(const struct gpu_list *gpus,
			 enum gpu_setting (*setting)(const struct gpu *gpu),
			 enum gpu_setting value, char list[NAMES_SIZE])
{
	size_t length = 0, count = 0;

	list[0] = '\0';
	for (size_t i = 0; i < gpus->count && length < NAMES_SIZE; i++) {
		if (setting(&gpus->at[i]) != value)
			continue;
		length += (size_t)snprintf(list + length, NAMES_SIZE - length, "%s%u",
					   count ? "," : "", gpus->at[i].index);
		count++;
	}

	return count;
}

static enum gpu_setting persistence_of(const struct gpu *gpu)
{
	return gpu->persistence;
}

static enum gpu_setting mig_of(const struct gpu *gpu)
{
	return gpu->mig;
}

void check_persistence(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const struct gpu_list *gpus = &examination->gpus;
	char off[NAMES_SIZE];

	if (!gpus->count)
		return;

	if (list_those(gpus, persistence_of, GPU_SETTING_OFF, off)) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "off on GPU %s: while nobody uses it the driver lets it "
			       "go, and each restore waits for it again",
			       off);
		diagnosis_advise(ret_diagnosis,
				 "run nvidia-persistenced, or nvidia-smi -pm 1");
	} else if (list_those(gpus, persistence_of, GPU_SETTING_UNKNOWN, off)) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING, "not known of GPU %s", off);
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK, "on");
	}
}

void check_mig(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const struct gpu_list *gpus = &examination->gpus;
	char divided[NAMES_SIZE];
	size_t count;

	if (!gpus->count)
		return;

	count = list_those(gpus, mig_of, GPU_SETTING_ON, divided);
	if (count) {
		diagnosis_find(ret_diagnosis,
			       count == gpus->count ? GRADE_ERROR : GRADE_WARNING,
			       "GPU %s is divided by MIG, which no driver so far can "
			       "checkpoint",
			       divided);
		diagnosis_advise(ret_diagnosis, "nvidia-smi -i %s -mig 0", divided);
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK, "off");
	}
}

void check_mps(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	pid_t daemon = 0;
	int ret;

	(void)examination;
	ret = process_name_find(MPS, 0, &daemon);
	if (ret) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "whether its daemon runs cannot be seen: %s",
			       strerror(-ret));
	} else if (daemon) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "its daemon runs, pid %d: whether its clients can be "
			       "checkpointed was never tried",
			       (int)daemon);
		diagnosis_advise(ret_diagnosis, "end it: echo quit | " MPS);
	} else {
		diagnosis_find(ret_diagnosis, GRADE_OK, "its daemon does not run");
	}
}
