/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GPUs of the machine, as nvidia-smi tells of them. It asks NVML, not CUDA.
 * Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

/* What nvidia-smi says of what is on or off; a GPU that has no such thing: not known. */
enum gpu_setting {
	GPU_SETTING_UNKNOWN,
	GPU_SETTING_OFF,
	GPU_SETTING_ON,
};

struct gpu {
	unsigned int index;
	enum gpu_setting persistence, mig;
	uint64_t memory; /* bytes; 0: not known */
	char name[64];	 /* of any bytes but control characters */
};

#define GPU_LIST_MAX 64 /* more are passed over */

struct gpu_list {
	struct gpu at[GPU_LIST_MAX];
	size_t count; /* 0: none is known */
};

/*
 * Read @text, of lines "INDEX, PERSISTENCE, MIG, MIBIBYTES, NAME". A word that is not
 * known is a setting that is not known.
 *
 * Return: 0 with *@ret_list; -EBADMSG if a line makes no sense.
 */
int gpu_list_parse(const char *text, struct gpu_list *ret_list) must_check;

/*
 * Run nvidia-smi. Return: 0; -ENOENT if there is none; -ETIMEDOUT; -EIO if it fails;
 * -EBADMSG if it cannot be understood; another -errno. With *@ret_reason then, of @size
 * bytes.
 */
int gpu_list_ask(struct gpu_list *ret_list, char *ret_reason, size_t size) must_check;
