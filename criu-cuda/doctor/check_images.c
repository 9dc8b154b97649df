/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Images that are to be restored: are they whole, and is there what they ask of the
 * machine beside CRIU, plugin and GPU.
 */
#include <errno.h>
#include <string.h>

#include "driver_version.h"
#include "examination.h"
#include "host_room.h"
#include "quantity.h"

#define NEED_SIZE 160

/* --- the files ---------------------------------------------------------------------- */

static const char *remedy_of(const struct finding *finding)
{
	static const char *const remedies[VERDICT_COUNT] = {
		[VERDICT_MISSING] = "copy all of the directory, or dump again",
		[VERDICT_INCOMPLETE] = "wait for the end of the dump, or of the copy; if "
				       "there is none under way, copy it or dump again",
		[VERDICT_DAMAGED] = "copy it again from where it is good, or dump again",
		[VERDICT_UNKNOWN] = "use the version of criu-cuda and of the plugin "
				    "that wrote it, or a newer one",
		[VERDICT_UNREADABLE] = "look at it as a user who may read it",
		[VERDICT_WRONG] =
			"take images of an earlier dump away, or dump again into "
			"an empty directory",
	};

	return remedies[finding->verdict];
}

/* What this caller cannot read another may. */
static bool is_bad(const struct finding *finding)
{
	return finding->verdict != VERDICT_UNREADABLE;
}

/* The first that is bad, or else the first. */
static const struct finding *choose(const struct inspection *images)
{
	for (size_t i = 0; i < images->problem_count; i++)
		if (is_bad(&images->problems[i]))
			return &images->problems[i];

	return &images->problems[0];
}

static void name_problem(const struct inspection *images, struct diagnosis *ret_diagnosis)
{
	const struct finding *problem = choose(images);
	char others[64] = "";

	if (images->problem_count > 1)
		snprintf(others, sizeof(others), "; and other files: %zu",
			 images->problem_count - 1);
	diagnosis_find(ret_diagnosis, is_bad(problem) ? GRADE_ERROR : GRADE_WARNING,
		       "%s: %s%s", problem->file, problem->reason, others);
	diagnosis_advise(ret_diagnosis, "%s", remedy_of(problem));
}

void check_images(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	const struct inspection *images = examination->images;

	if (images->problem_count)
		name_problem(images, ret_diagnosis);
	else if (examination_need(examination) == INVENTORY_NOT_NEEDED)
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "without GPU processes: neither the plugin nor a GPU is "
			       "needed");
	else if (examination_need(examination) == INVENTORY_UNSET)
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "of a CRIU before 4.1: whether there are GPU processes "
			       "cannot be seen");
	else
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "with GPU processes; images of GPU memory: %zu",
			       images->image_count);
}

/* --- the driver --------------------------------------------------------------------- */

/* An image that @driver did not write; else the last that says who did; or NULL. */
static const struct memory_image_header *find_writer(const struct inspection *images,
						     const char *driver)
{
	const struct memory_image_header *found = NULL;

	for (size_t i = 0; i < images->image_count; i++) {
		const struct memory_image_header *header = &images->images[i].header;

		if (header->driver[0])
			found = header;
		if (found && strcmp(found->driver, driver) != 0)
			break;
	}

	return found;
}

void check_dump_driver(struct examination *examination, struct diagnosis *ret_diagnosis)
{
	char version[DRIVER_VERSION_SIZE], driver[DRIVER_VERSION_SIZE + 16];
	const struct memory_image_header *writer;

	if (!driver_version_read(DRIVER_VERSION_FILE, version))
		return;

	snprintf(driver, sizeof(driver), "NVIDIA %s", version);
	writer = find_writer(examination->images, driver);
	if (!writer)
		return;
	if (strcmp(writer->driver, driver) == 0) {
		diagnosis_find(ret_diagnosis, GRADE_OK, "%s, as here", driver);
		return;
	}

	diagnosis_find(ret_diagnosis, GRADE_WARNING,
		       "pid %d was dumped with %s, and here is %s%s: whether one driver "
		       "restores what another has left was never tried",
		       (int)writer->pid, writer->driver,
		       strverscmp(driver, writer->driver) < 0 ? "the older " : "",
		       driver);
	diagnosis_advise(ret_diagnosis, "if the restore fails, use a machine with %s",
			 writer->driver);
}

/* --- memory ------------------------------------------------------------------------- */

/* All that CRIU restores; and of GPU memory in images of its own that of one process
 * after the other, if need be: wave.h. */
static uint64_t find_need(const struct inspection *images, char ret_text[NEED_SIZE])
{
	const uint64_t largest = inspection_largest_fill(images);
	char pages_text[QUANTITY_SIZE], largest_text[QUANTITY_SIZE];

	quantity_bytes(images->pages_bytes, pages_text);
	quantity_bytes(largest, largest_text);
	if (largest)
		snprintf(ret_text, NEED_SIZE,
			 "%s for CRIU's own images, and %s for GPU memory, of a process "
			 "at a time",
			 pages_text, largest_text);
	else
		snprintf(ret_text, NEED_SIZE, "%s for CRIU's own images", pages_text);

	return images->pages_bytes + largest;
}

void check_restore_memory(struct examination *examination,
			  struct diagnosis *ret_diagnosis)
{
	char need_text[NEED_SIZE], room_text[QUANTITY_SIZE];
	const uint64_t need = find_need(examination->images, need_text);
	struct host_room room;
	bool has_swap;
	int ret;

	ret = host_room_find(&room);
	if (ret) {
		diagnosis_find(ret_diagnosis, GRADE_WARNING,
			       "how much there is cannot be seen: %s", strerror(-ret));
		return;
	}

	quantity_bytes(room.bytes, room_text);
	if (need <= room.bytes) {
		diagnosis_find(ret_diagnosis, GRADE_OK,
			       "it takes %s; %s available, in %s", need_text, room_text,
			       room.place);
		return;
	}

	has_swap = need <= room.bytes + host_room_swap();
	diagnosis_find(ret_diagnosis, has_swap ? GRADE_WARNING : GRADE_ERROR,
		       "it takes %s; only %s available, in %s", need_text, room_text,
		       room.place);
	diagnosis_advise(ret_diagnosis, "make room, or raise the limit of the cgroup%s",
			 has_swap ? "; what goes to swap takes long" : "");
}
