/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which images there are in a directory, by their names. What is in them is for others.
 *
 * A name that is not to the letter one that the plugin writes is none of its images, and
 * a restore does not look at it either: it is passed over. Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

struct image_set_pids {
	pid_t *at; /* owned; ascending */
	size_t count;
};

struct image_set {
	int dirfd;		      /* owned; -1: none */
	struct image_set_pids images; /* whose GPU memory images are there */
	struct image_set_pids parts;  /* of whose there is an unfinished one */
	size_t pages_files;	      /* CRIU's own images of memory */
	uint64_t pages_bytes;
};

#define IMAGE_SET_NONE      \
	{                   \
		.dirfd = -1 \
	}

/* struct image_set set autorelease_set = IMAGE_SET_NONE; */
#define autorelease_set __attribute__((cleanup(image_set_release)))

/*
 * Find the images in the directory @path.
 *
 * Return: 0 with a set that the caller releases; -ENOENT, -ENOTDIR, -EACCES, -ENOMEM or
 * another -errno if the directory cannot be read to its end.
 */
int image_set_find(const char *path, struct image_set *ret_set) must_check;

/* May be called twice. */
void image_set_release(struct image_set *set);
