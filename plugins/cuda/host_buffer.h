/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's host buffer of a process that is checkpointed: one private mapping, which
 * has all of its GPU memory. It is written into an image of its own (memory_image.h), and
 * filled from it again.
 *
 * In a dump, of a process that is held still:
 *
 *	ret = host_buffer_write(pid, images, &buffer);
 *	... its pages are dropped ...
 *	ret = host_buffer_mark(pid, &buffer);
 *
 * In a restore host_buffer_find() tells whether there is such a buffer; and in either
 * host_buffer_fill() puts the memory back. The driver must not have been let at it
 * before.
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
 * Return: 0, and the image is complete and safe on disk; -errno, and there is none.
 */
int host_buffer_write(pid_t pid, const struct host_buffer_images *images,
		      struct host_buffer *buffer) must_check;

/* Put the marker into @buffer, which is empty now. Return: 0 or -errno. */
int host_buffer_mark(pid_t pid, const struct host_buffer *buffer) must_check;

/*
 * Is the GPU memory of @pid, which was restored from the images, in an image of its own?
 *
 * Return: 0 with *@ret_buffer: no buffer if it is not, an image beside it or not;
 * -ENOENT if the image is missing; -EBADMSG if it is one of another memory; -ESRCH;
 * another -errno.
 */
int host_buffer_find(pid_t pid, const struct host_buffer_images *images,
		     struct host_buffer *ret_buffer) must_check;

/*
 * Fill @buffer, which is empty but for a marker, or has its memory already, from its
 * image. Each chunk's checksum is compared before it is put there. After an error some of
 * it has been filled; it may be tried again.
 *
 * Return: 0; -EBADMSG if the image is damaged or one of another memory; -ENOENT if there
 * is none; -EFAULT if the process has no such memory; -ESRCH; another -errno.
 */
int host_buffer_fill(pid_t pid, const struct host_buffer_images *images,
		     const struct host_buffer *buffer) must_check;

/* Remove the image of @buffer, which is not needed; not if it is one of another dump. */
void host_buffer_discard(pid_t pid, const struct host_buffer_images *images,
			 const struct host_buffer *buffer);
