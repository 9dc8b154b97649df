/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's host buffer of a process that is checkpointed: one private mapping, which
 * has all of its GPU memory. It is written into an image of its own
 * (host_buffer_image.h), and filled from it again.
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

#include "host_buffer_image.h"

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
 * Fill @buffer, which is empty but for a marker, or has its memory already, from its
 * @image, by @threads at most. Each chunk's checksum is compared before it is put there.
 * After an error some of it has been filled; it may be tried again.
 *
 * Return: 0; -EBADMSG if the image is damaged; -EFAULT if the process has no such memory;
 * -ESRCH; another -errno.
 */
int host_buffer_fill(pid_t pid, const struct memory_image *image, unsigned int threads,
		     const struct host_buffer *buffer) must_check;
