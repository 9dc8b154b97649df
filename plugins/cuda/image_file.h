/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A big file of whole blocks, written and read past the page cache where that can be.
 *
 * O_DIRECT is tried on the first block when the file is opened: where the file system
 * refuses, all goes through the page cache. Then nothing is written both ways, which the
 * kernel does not bear everywhere. What is read is taken from the page cache if it is
 * there, and else from the disk.
 *
 * Offsets, sizes and the addresses of buffers are multiples of IMAGE_FILE_BLOCK. Reading
 * and writing may be done by several threads at once. Knows nothing of what is in the
 * file. Does not log. -EIO stands for the error that has a meaning of its own to CRIU.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

#define IMAGE_FILE_BLOCK 4096u

struct image_file {
	int fd;	       /* owned; -1: none */
	int direct_fd; /* owned; the same with O_DIRECT; -1: the page cache it is */
};

#define IMAGE_FILE_NONE                   \
	{                                 \
		.fd = -1, .direct_fd = -1 \
	}

/* struct image_file file autoclose_image = IMAGE_FILE_NONE; */
#define autoclose_image __attribute__((cleanup(image_file_close)))

/* @size, up to the end of its last block. */
static inline uint64_t image_file_padded(uint64_t size)
{
	return (size + IMAGE_FILE_BLOCK - 1) / IMAGE_FILE_BLOCK * IMAGE_FILE_BLOCK;
}

/* Memory of @size bytes, up to the end of a block, for free(); NULL if there is none. */
void *image_file_buffer(size_t size) must_check;

/*
 * Make the file @name in the directory @dirfd, for its owner alone, of one block of
 * zeros; what had the name before is removed. @direct false: do not try O_DIRECT.
 *
 * Return: 0; -errno, and there is no such file.
 */
int image_file_create(int dirfd, const char *name, bool direct,
		      struct image_file *ret_file) must_check;

/*
 * Open the file @name to read it.
 *
 * Return: 0; -ENOENT; -EBADMSG if it is no regular file; another -errno.
 */
int image_file_open(int dirfd, const char *name, struct image_file *ret_file,
		    uint64_t *ret_size) must_check;

/* Return: 0 if all of it was written; -ENOSPC, -EIO and other -errno. */
int image_file_write(const struct image_file *file, const void *bytes, size_t size,
		     uint64_t offset) must_check;

/*
 * Tell whoever looks on how far the work on @file has come: @done is its position, which
 * is used for nothing else, and which /proc/PID/fdinfo shows.
 */
void image_file_tell(const struct image_file *file, uint64_t done);

/* Return: 0 if all of it was read; -ENODATA if the file ends before; another -errno. */
int image_file_read(const struct image_file *file, void *buffer, size_t size,
		    uint64_t offset) must_check;

/*
 * Make what was written safe on disk, name it @name instead of @temporary, in one step,
 * and make that safe on disk too.
 *
 * Return: 0; -errno, and the file has its temporary name, or none: when the very last
 * step failed.
 */
int image_file_publish(const struct image_file *file, int dirfd, const char *temporary,
		       const char *name) must_check;

/* Close what is open, and forget it. */
void image_file_close(struct image_file *file);
