/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The marker that stands in a process for its GPU memory, when that is in an image of its
 * own.
 *
 * The driver's host buffer is empty then: all of its pages read as zeros, and a driver
 * that was given them would restore zeros without a word. So one page in the middle of it
 * says what is missing, and by its id which image has it. CRIU writes and restores that
 * page as any other. It is found where the image of the process says that its buffer is;
 * and if there is no such image, by looking at each page that can be one, in memory of
 * which there may be hundreds of gigabytes. Filling the buffer again overwrites it.
 *
 * The page, in the byte order of the machine: 32 bytes "CRIU CUDA plugin: memory is in\n"
 * with a zero, 16 bytes of the id, 8 of the address and 8 of the length of the buffer.
 * Does not log.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

#define BUFFER_MARKER_ID_SIZE 16

/* A buffer with less has no place for a marker that could be found. */
#define BUFFER_MARKER_BYTES_MIN (UINT64_C(64) << 20)

/* That is to be zeroed for the marker to be gone. */
#define BUFFER_MARKER_SIZE 64u

struct buffer_marker {
	uint64_t address, bytes; /* of the buffer */
	uint8_t id[BUFFER_MARKER_ID_SIZE];
};

/* Where in a buffer the marker is. */
uint64_t buffer_marker_place(uint64_t address, uint64_t bytes);

/* Put it into the buffer of @pid, which is empty. Return: 0 or -errno. */
int buffer_marker_put(pid_t pid, const struct buffer_marker *marker) must_check;

/*
 * The marker in the buffer of @bytes at @address, if there is such a buffer; however CRIU
 * brings its page back. Return: 0 with it; -ENOENT if there is none; -ESRCH; another
 * -errno.
 */
int buffer_marker_read(pid_t pid, uint64_t address, uint64_t bytes,
		       struct buffer_marker *ret_marker) must_check;

/*
 * The marker anywhere in the memory of @pid that is there by now: not where CRIU restores
 * lazily. Return: 0 with it; -ENOENT if there is none; -ESRCH; another -errno if it
 * cannot be seen.
 */
int buffer_marker_find(pid_t pid, struct buffer_marker *ret_marker) must_check;
