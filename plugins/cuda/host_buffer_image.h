/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image of a process's host buffer (host_buffer.h): memory_image.h, but for one that
 * is known to be of that buffer, and not of another dump into the same directory.
 *
 * Logs, with the pid, the file, the reason and the remedy. Errors other than those named
 * are those of memory_image.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "buffer_marker.h"
#include "cleanup.h"

struct memory_image;

/* All zero is no buffer. */
struct host_buffer {
	uint64_t address, bytes; /* in the process; 0 bytes: not known */
	pid_t image_pid;	 /* the process, as in the names of images */
	uint8_t id[BUFFER_MARKER_ID_SIZE];
};

/* Where images are, and how they are written and read. */
struct host_buffer_images {
	int dirfd; /* borrowed; negative: nowhere */
	unsigned int threads;
	bool compress;
	bool page_cache; /* go through it: they are soon read again */
};

/*
 * Open the image of @buffer: by its name, or what is open as @fd already, which is
 * borrowed; negative: nothing is.
 *
 * Return: 0 with *@ret_image; -ENOENT if there is none; -EBADMSG if it is damaged or one
 * of another memory; another -errno.
 */
int host_buffer_image_open(pid_t pid, const struct host_buffer_images *images, int fd,
			   const struct host_buffer *buffer,
			   struct memory_image **ret_image) must_check;

/*
 * See that @image, which is open, is that of @buffer. Return: 0; -EBADMSG, and it is
 * closed.
 */
int host_buffer_image_check(pid_t pid, struct memory_image *image,
			    const struct host_buffer *buffer) must_check;

/* NULL is no image. */
void host_buffer_image_close(struct memory_image *image);

/* The file of @image is open as this, the image's own. */
int host_buffer_image_fd(const struct memory_image *image);

/* Remove the image of @buffer, which is not needed; not if it is one of another dump. */
void host_buffer_image_discard(pid_t pid, const struct host_buffer_images *images,
			       const struct host_buffer *buffer);
