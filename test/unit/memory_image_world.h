/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A directory for GPU memory images, memory to write into them, and a place to fill from
 * them.
 *
 * memory_image_setup() and memory_image_teardown() go around a test and give it a struct
 * world as its state. The callbacks can fail at the nth call; they run in any thread, and
 * what they see is looked at afterwards.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "memory_image.h"

#define WORLD_PID   4711
#define WORLD_NAME  "cuda-memory-4711.img"
#define WORLD_CHUNK 65536u

struct world {
	char path[64];
	int dirfd;

	uint8_t *memory; /* owned */
	uint8_t *filled; /* owned; as long */
	size_t length;

	/* What the callbacks do: the nth call, the first is 1, returns @error. */
	atomic_uint reads, writes, zeros;
	unsigned int fail_read, fail_write;
	int error;

	char reason[REASON_MAX]; /* of the last failure */
};

/* What is in the memory. */
enum world_content {
	WORLD_RANDOM,
	WORLD_ZERO,
	WORLD_HALF,  /* every other chunk is zeros, the others are random */
	WORLD_DULL,  /* gets smaller when it is compressed */
	WORLD_MIXED, /* by turns random, zero and dull */
	WORLD_CONTENT_MAX
};

/* An empty directory, on a disk if /tmp is on one, or in memory; and its end. */
int memory_image_setup(void **ret_state);
int memory_image_setup_in_memory(void **ret_state);
int memory_image_setup_below(const char *parent, void **ret_state);
int memory_image_teardown(void **state);

/* Have @length bytes of memory; what is in it is the same in each run. */
void world_have(struct world *world, size_t length, enum world_content content);

/* A header for it, with chunks of WORLD_CHUNK. */
struct memory_image_header world_header(const struct world *world,
					enum memory_image_compression compression);

/* Write the memory as @header has it. Return: that of memory_image_write(). */
int world_write(struct world *world, const struct memory_image_header *header,
		unsigned int threads, struct memory_image_summary *ret_summary);
int world_write_so(struct world *world, enum memory_image_compression compression,
		   const struct memory_image_manner *manner, bool *ret_direct);

/* Where filling puts it. */
struct memory_image_target world_target(struct world *world);

/* Open the image and fill from it. Return: the first error; @filled is 0xa5 before. */
int world_open_and_fill(struct world *world, unsigned int threads);

/* The same, and verifying it comes to the same. */
int world_fill(struct world *world, unsigned int threads);

/* The image is there and gives the memory back; nothing else is in the directory. */
void world_check(struct world *world);

/* Nothing is in the directory. */
void world_check_empty(const struct world *world);
int world_count_files(const struct world *world);
