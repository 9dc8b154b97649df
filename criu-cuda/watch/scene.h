/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is at work on a directory of images, and how far: what can be seen of that without
 * asking anybody.
 *
 *	scene_open(&scene, dirfd);
 *	... scene_look(&scene), every now and then ...
 *	scene_release(&scene);
 *
 * A CRIU is at work on the directory as long as it has it open. The GPU memory image at
 * hand is the one that is being written, or filled from: its position tells how far
 * (memory_image.h). Others are seen only where the caller may look at CRIU. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "criu_process.h"
#include "memory_image.h"

#define SCENE_NAME_SIZE (MEMORY_IMAGE_NAME_SIZE + sizeof(MEMORY_IMAGE_PART))

struct scene {
	int dirfd;  /* owned */
	int log_fd; /* owned: of CRIU's log, once it was seen; -1 */

	pid_t criu;	/* 0: none is at work any more, or not yet */
	pid_t guardian; /* the same */
	enum criu_work work;

	/* The GPU memory image at hand. */
	char image[SCENE_NAME_SIZE]; /* "": none */
	pid_t image_pid;	     /* as in its name */
	bool is_written;	     /* else it is filled from */
	uint64_t inode;
	uint64_t done, bytes; /* of the memory */

	size_t images; /* that are complete */
	size_t parts;  /* that are not */
	uint64_t pages_bytes;
};

/* @dirfd becomes its own. */
void scene_open(struct scene *scene, int dirfd);

void scene_release(struct scene *scene);

/* See how it is now. Return: 0; -errno if the directory cannot be read: it may be gone.
 */
int scene_look(struct scene *scene) must_check;
