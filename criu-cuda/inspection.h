/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that "criu-cuda inspect" has to say of a directory: the images that are whole but
 * perhaps for their chunks, which are not read, and what is wrong with the others.
 *
 * Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding.h"
#include "image_set.h"

struct inspected_image {
	struct memory_image_header header;
	struct memory_image_summary summary;
};

struct inspection {
	const char *directory;		/* the caller's */
	bool has_inventory;		/* which can be read */
	enum inventory_need need;	/* if so */
	bool names_images;		/* and that there are GPU memory images */
	struct inspected_image *images; /* owned; by pid */
	size_t image_count;
	struct finding
		*problems; /* owned; of everything else that is there, or should be */
	size_t problem_count;
	size_t pages_files; /* CRIU's own images of memory */
	uint64_t pages_bytes;
};

/*
 * Look at all images of @set, which is what is in @directory.
 *
 * Return: 0 with what the caller releases; -ENOMEM.
 */
int inspection_make(const char *directory, const struct image_set *set,
		    struct inspection *ret_inspection) must_check;

/* May be called twice. */
void inspection_release(struct inspection *inspection);

/*
 * Does a restore need the plugin? So says the inventory; and if it does not, images of
 * GPU memory do. INVENTORY_UNSET: it cannot be told.
 */
enum inventory_need inspection_need(const struct inspection *inspection);

/* Bytes of all its images: of the memory, and of the files. */
uint64_t inspection_memory_bytes(const struct inspection *inspection);
uint64_t inspection_file_bytes(const struct inspection *inspection);

/* Bytes of the memory that one image fills, without what is zeros: of the largest. */
uint64_t inspection_largest_fill(const struct inspection *inspection);
