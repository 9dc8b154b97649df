/* SPDX-License-Identifier: MIT */
/*
 * The argument of --device-map: which GPU takes the place of which.
 *
 *     OLD=NEW[,OLD=NEW]...
 *
 * OLD and NEW are UUIDs as nvidia-smi prints them, GPU-xxxxxxxx-xxxx-xxxx-xxxx-
 * xxxxxxxxxxxx, with or without the "GPU-". Whether such GPUs exist, and whether
 * the map is complete, is for the driver to say.
 */
#pragma once

#include "cleanup.h"

#define DEVICE_UUID_SIZE 16

struct device_pair {
	unsigned char from[DEVICE_UUID_SIZE]; /* the GPU at the checkpoint */
	unsigned char to[DEVICE_UUID_SIZE];   /* the GPU that takes over */
};

struct device_pairs {
	struct device_pair *pairs; /* owned; NULL when there are none */
	unsigned int count;
};

/*
 * Read @text into *@ret_pairs, which the caller releases.
 *
 * Return: 0; -EINVAL, and a line on stderr with the first bad pair; -ENOMEM.
 */
int device_pairs_parse(const char *text, struct device_pairs *ret_pairs) must_check;

/* Free what @pairs holds; all zero is fine. */
void device_pairs_release(struct device_pairs *pairs);
