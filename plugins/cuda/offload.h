/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GPU memory out of processes that have been checkpointed, into images of its own, and
 * back: what climb.h does about host memory, and what is noted for the guardian
 * meanwhile.
 *
 * A process is offloaded when its image is complete and on disk, its host buffer dropped
 * and marked. From the moment before the drop on its debt says so: whoever pays it puts
 * the memory back first. The image is open from then on, here and in the guardian: its
 * name may be removed by whoever believes that nobody needs it.
 *
 * Logs. Errors are those of host_buffer.h, but for those that are named.
 */
#pragma once

#include "cuda_process.h"
#include "host_buffer.h"

/* The settings. */
struct offload {
	struct host_buffer_images images; /* its threads: at most so many */
	bool is_wanted; /* else processes keep their memory, unless they are offloaded */
	uint64_t host_memory; /* bytes, of all together; 0: what there is (wave.h) */
	bool is_checked;      /* do not begin what host memory has no room for */
};

/*
 * How many of the @count @processes, from the first on, are to climb to @goal at the same
 * time, for their memory to have room. @offload may be NULL: all.
 *
 * Return: 0 with *@ret_count, at least 1; -ENOSPC if there is no room even for one;
 * -ENOMEM.
 */
int offload_next_wave(const struct offload *offload,
		      struct cuda_process *const processes[], size_t count,
		      enum cuda_state goal, size_t *ret_count) must_check;

/*
 * See that no two of the @count @processes would have one image: those of nested pid
 * namespaces, which CRIU refuses too, but later.
 *
 * Return: 0; -EEXIST; -ESRCH and other -errno if it cannot be seen.
 */
int offload_check_names(const struct offload *offload,
			struct cuda_process *const processes[], size_t count) must_check;

/*
 * Offload @process, which was checkpointed and is held still by the caller's thread. One
 * whose buffer is not known, or from which it cannot be dropped, keeps its memory: that
 * is no error.
 *
 * Return: 0; -errno if its image cannot be written, and it has its memory still; another
 * -errno, after which it may be offloaded: -ENOTRECOVERABLE if its restore thread could
 * not be stopped again.
 */
int offload_take(const struct offload *offload, struct cuda_process *process) must_check;

/*
 * Put the memory of @process back, before the driver restores it; nothing if it is not
 * offloaded. Return: 0 or -errno, after which it is offloaded still.
 */
int offload_put_back(const struct offload *offload,
		     struct cuda_process *process) must_check;

/*
 * The @count @processes were restored from images: note which are offloaded.
 *
 * Return: 0; -errno if one is, and has no image that fits.
 */
int offload_find(const struct offload *offload, struct cuda_process *const processes[],
		 size_t count) must_check;

/*
 * The image of @process, which is offloaded, is open as @fd, which is borrowed. Return:
 * 0; -errno, and it is to be opened by its name.
 */
int offload_take_image(const struct offload *offload, struct cuda_process *process,
		       int fd) must_check;

/* Close the images of the @count @processes that are open still. */
void offload_close(struct cuda_process *const processes[], size_t count);

/* After a dump that failed: remove the images of those that have their memory. */
void offload_discard(const struct offload *offload,
		     struct cuda_process *const processes[], size_t count);
