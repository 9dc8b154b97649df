/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's host buffer of a process that is checkpointed: one private mapping, which
 * has all of its GPU memory. It is written into an image of its own (memory_image.h), and
 * filled from it again.
 *
 * In a dump, of a process that is held still:
 *
 *	ret = host_buffer_write(pid, images, &buffer, &image);
 *	... its pages are dropped ...
 *	ret = host_buffer_mark(pid, &buffer);
 *
 * In a restore host_buffer_find() tells whether there is such a buffer; and in either
 * host_buffer_fill() puts the memory back, from the image that is open since then: its
 * name may be gone. The driver must not have been let at it before.
 *
 * May be called by any thread that may ptrace the process. Logs, with the pid, the file,
 * the reason and the remedy. Errors other than those named are those of memory_image.h.
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
 * Write the image of @buffer, of which address and bytes are known, and note in it what
 * else there is to know. The memory of the process is left as it is.
 *
 * Return: 0 with *@ret_image, open, complete and safe on disk; -errno, and there is none.
 */
int host_buffer_write(pid_t pid, const struct host_buffer_images *images,
		      struct host_buffer *buffer,
		      struct memory_image **ret_image) must_check;

/* Put the marker into @buffer, which is empty now. Return: 0 or -errno. */
int host_buffer_mark(pid_t pid, const struct host_buffer *buffer) must_check;

/*
 * Is the GPU memory of @pid, which was restored from the images, in an image of its own?
 *
 * Return: 0 with *@ret_buffer and *@ret_image: no buffer and no image if it is not, an
 * image beside it or not; -ENOENT if the image is missing; -EBADMSG if it is one of
 * another memory; -ESRCH; another -errno.
 */
int host_buffer_find(pid_t pid, const struct host_buffer_images *images,
		     struct host_buffer *ret_buffer,
		     struct memory_image **ret_image) must_check;

/*
 * Open the image of @buffer: by its name, or what is open as @fd already, which is
 * borrowed; negative: nothing is.
 *
 * Return: 0 with *@ret_image; -ENOENT if there is none; -EBADMSG if it is damaged or one
 * of another memory; another -errno.
 */
int host_buffer_open_image(pid_t pid, const struct host_buffer_images *images, int fd,
			   const struct host_buffer *buffer,
			   struct memory_image **ret_image) must_check;

/* NULL is no image. */
void host_buffer_close_image(struct memory_image *image);

/* The file of @image is open as this, the image's own. */
int host_buffer_image_fd(const struct memory_image *image);

/*
 * Fill @buffer, which is empty but for a marker, or has its memory already, from its
 * @image, by @threads at most. Each chunk's checksum is compared before it is put there.
 * After an error some of it has been filled; it may be tried again.
 *
 * Return: 0; -EBADMSG if the image is damaged; -EFAULT if the process has no such memory;
 * -ESRCH; another -errno.
 */
int host_buffer_fill(pid_t pid, const struct memory_image *image, unsigned int threads,
		     const struct host_buffer *buffer) must_check;

/* Remove the image of @buffer, which is not needed; not if it is one of another dump. */
void host_buffer_discard(pid_t pid, const struct host_buffer_images *images,
			 const struct host_buffer *buffer);
