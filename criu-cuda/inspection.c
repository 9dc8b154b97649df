/* SPDX-License-Identifier: GPL-2.0-only */
#include "inspection.h"

#include <errno.h>

static void add_problem(struct inspection *inspection, const struct finding *finding)
{
	inspection->problems[inspection->problem_count++] = *finding;
}

static void look_at_inventory(struct inspection *inspection, const struct image_set *set)
{
	enum inventory_need images_need = INVENTORY_UNSET;
	struct finding finding;
	int ret;

	ret = inventory_read(set->dirfd, FINDING_PLUGIN, &inspection->need);
	inspection->has_inventory = ret == 0;
	if (!ret)
		ret = inventory_read(set->dirfd, FINDING_IMAGES, &images_need);
	inspection->names_images = images_need == INVENTORY_NEEDED;
	finding_of_inventory(ret, inspection->need, inspection->names_images,
			     set->images.count, &finding);
	if (finding.verdict != VERDICT_GOOD)
		add_problem(inspection, &finding);
}

static void look_at_image(struct inspection *inspection, int dirfd, pid_t pid)
{
	struct memory_image *image;
	char reason[REASON_MAX];
	struct finding finding;
	int ret;

	ret = memory_image_open(dirfd, pid, &image, reason);
	if (ret < 0) {
		finding_of_image(pid, ret, reason, &finding);
		add_problem(inspection, &finding);
		return;
	}

	inspection->images[inspection->image_count++] = (struct inspected_image){
		.header = *memory_image_header(image),
		.summary = *memory_image_summary(image),
	};
	memory_image_close(image);
}

int inspection_make(const char *directory, const struct image_set *set,
		    struct inspection *ret_inspection)
{
	struct inspection inspection = { .directory = directory,
					 .pages_files = set->pages_files,
					 .pages_bytes = set->pages_bytes };
	struct finding finding;

	/* There is the inventory too, whatever else is not: none of them is 0 long. */
	inspection.images = calloc(set->images.count + 1, sizeof(*inspection.images));
	inspection.problems = calloc(set->images.count + set->parts.count + 1,
				     sizeof(*inspection.problems));
	if (!inspection.images || !inspection.problems) {
		inspection_release(&inspection);
		return -ENOMEM;
	}

	look_at_inventory(&inspection, set);
	for (size_t i = 0; i < set->images.count; i++)
		look_at_image(&inspection, set->dirfd, set->images.at[i]);
	for (size_t i = 0; i < set->parts.count; i++) {
		finding_of_part(set->parts.at[i], &finding);
		add_problem(&inspection, &finding);
	}

	*ret_inspection = inspection;
	return 0;
}

void inspection_release(struct inspection *inspection)
{
	free(inspection->images);
	free(inspection->problems);
	*inspection = (struct inspection){ .images = NULL };
}

enum inventory_need inspection_need(const struct inspection *inspection)
{
	if (inspection->has_inventory && inspection->need != INVENTORY_UNSET)
		return inspection->need;

	return inspection->image_count ? INVENTORY_NEEDED : INVENTORY_UNSET;
}

uint64_t inspection_memory_bytes(const struct inspection *inspection)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < inspection->image_count; i++)
		bytes += inspection->images[i].header.length;

	return bytes;
}

uint64_t inspection_file_bytes(const struct inspection *inspection)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < inspection->image_count; i++)
		bytes += inspection->images[i].summary.file_size;

	return bytes;
}

/* The last chunk may be short: then it is one of zeros that is counted too large. */
static uint64_t fill_of(const struct inspected_image *image)
{
	const uint64_t zeros = image->summary.zero_chunks * image->header.chunk_size;

	return zeros < image->header.length ? image->header.length - zeros : 0;
}

uint64_t inspection_largest_fill(const struct inspection *inspection)
{
	uint64_t largest = 0;

	for (size_t i = 0; i < inspection->image_count; i++) {
		const uint64_t fill = fill_of(&inspection->images[i]);

		if (fill > largest)
			largest = fill;
	}

	return largest;
}
