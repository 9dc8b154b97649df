/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was found about one file: is it good, and if not, why. As words and text.
 *
 * Pure; looks at no file. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "inventory.h"
#include "memory_image.h"
#include "reason.h"

/* The plugin as inventories call it, and the file that says whether it is needed. */
#define FINDING_PLUGIN	  "cuda_plugin"
#define FINDING_IMAGES	  "gpu_memory_images" /* entered if there are such images */
#define FINDING_INVENTORY "inventory.img"

enum verdict {
	VERDICT_GOOD = 0,
	VERDICT_MISSING,
	VERDICT_INCOMPLETE,
	VERDICT_DAMAGED,
	VERDICT_UNKNOWN,    /* of a format that is not known here */
	VERDICT_UNREADABLE, /* nothing can be said: the system did not let us */
	VERDICT_WRONG,	    /* whole, and what it says is not so */
	VERDICT_COUNT
};

struct finding {
	char file[MEMORY_IMAGE_NAME_SIZE + sizeof(MEMORY_IMAGE_PART)];
	enum verdict verdict;
	char reason[REASON_MAX]; /* without the name of the file; "" if it is good */
};

/* The word for it, one that other programs may rely on. */
const char *verdict_name(enum verdict verdict);

/*
 * Of the image of @pid, which memory_image_open() or memory_image_verify() has found to
 * be as @error says: 0 or -errno; for @reason, which is that function's, too.
 */
void finding_of_image(pid_t pid, int error, const char *reason,
		      struct finding *ret_finding);

/* Of what is there of the image of @pid that was never finished. */
void finding_of_part(pid_t pid, struct finding *ret_finding);

/*
 * Of the inventory beside @images GPU memory images, for which inventory_read() returned
 * @error and, if that is 0, @need; @needs_images: it has the name of such images, too.
 */
void finding_of_inventory(int error, enum inventory_need need, bool needs_images,
			  size_t images, struct finding *ret_finding);

/* What an inventory says, as a sentence. */
const char *finding_need_text(enum inventory_need need);

/* A line: the verdict, the file, and why. */
void finding_print(FILE *stream, const struct finding *finding);

/* The same line for a file that is good, of which @remark is to be said. */
void finding_print_good(FILE *stream, const char *file, const char *remark);
