/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Images that are to be restored, as the doctor sees them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_outcome.h"
#include "doctor/host_room.h"
#include "driver_version.h"
#include "file_tree.h"

#define GIB (UINT64_C(1) << 30)

static struct inspected_image gpu_images[2];
static struct finding problems[2];
static struct inspection images;

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	(void)mode;
	return file_tree_open(path);
}

/* In place of inspection.c. */
static uint64_t largest;

enum inventory_need inspection_need(const struct inspection *inspection)
{
	return inspection->need;
}

uint64_t inspection_largest_fill(const struct inspection *inspection)
{
	assert_ptr_equal(inspection, &images);
	return largest;
}

/* In place of host_room.c. */
static uint64_t room, swap_space;
static int room_error;

int host_room_find(struct host_room *ret_room)
{
	if (!room_error)
		*ret_room = (struct host_room){ .bytes = room, .place = "the machine" };

	return room_error;
}

uint64_t host_room_swap(void)
{
	return swap_space;
}

static int set_up(void **state)
{
	(void)state;
	file_tree_clear();
	check_reset();
	memset(gpu_images, 0, sizeof(gpu_images));
	images = (struct inspection){ .need = INVENTORY_NEEDED,
				      .images = gpu_images,
				      .problems = problems };
	examination.images = &images;
	room_error = 0;
	largest = swap_space = 0;
	return 0;
}

static void whole_images_say_what_they_need(void **state)
{
	(void)state;
	images.image_count = 2;
	assert_says(check_images, GRADE_OK, "with GPU processes; images of GPU memory: 2",
		    NULL);
	images.need = INVENTORY_UNSET;
	assert_says(check_images, GRADE_OK,
		    "of a CRIU before 4.1: whether there are GPU processes cannot be "
		    "seen",
		    NULL);
	images.need = INVENTORY_NOT_NEEDED;
	assert_says(check_images, GRADE_OK,
		    "without GPU processes: neither the plugin nor a GPU is needed",
		    NULL);
}

static void each_bad_file_is_an_error_with_a_remedy(void **state)
{
	(void)state;
	images.problem_count = 1;
	for (enum verdict verdict = VERDICT_MISSING; verdict < VERDICT_COUNT; verdict++) {
		problems[0] = (struct finding){ .file = "inventory.img",
						.verdict = verdict,
						.reason = "why" };
		if (verdict != VERDICT_UNREADABLE)
			assert_says(check_images, GRADE_ERROR, "inventory.img: why",
				    NULL);
	}
}

static void what_only_this_caller_cannot_read_is_a_warning(void **state)
{
	(void)state;
	problems[0] = (struct finding){ .file = "a",
					.verdict = VERDICT_UNREADABLE,
					.reason = "why" };
	problems[1] = (struct finding){ .file = "b",
					.verdict = VERDICT_DAMAGED,
					.reason = "how" };
	images.problem_count = 1;
	assert_says(check_images, GRADE_WARNING, "a: why", NULL);
	images.problem_count = 2;
	assert_says(check_images, GRADE_ERROR, "b: how; and other files: 1", NULL);
}

static void written_by(size_t which, pid_t pid, const char *driver)
{
	struct memory_image_header *header = &gpu_images[which].header;

	header->pid = pid;
	snprintf(header->driver, sizeof(header->driver), "%s", driver);
	images.image_count = which + 1;
}

static void here_is(const char *version)
{
	file_tree_add(DRIVER_VERSION_FILE,
		      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  %s  Tue\n",
		      version);
}

static void the_same_driver_is_good(void **state)
{
	(void)state;
	written_by(0, 7, "NVIDIA 580.159.04");
	written_by(1, 8, "NVIDIA 580.159.04");
	here_is("580.159.04");
	assert_says(check_dump_driver, GRADE_OK, "NVIDIA 580.159.04, as here", NULL);
}

static void another_driver_is_a_warning(void **state)
{
	(void)state;
	written_by(0, 7, "NVIDIA 580.159.04");
	written_by(1, 8, "NVIDIA 580.95.05");
	here_is("580.159.04");
	assert_says(check_dump_driver, GRADE_WARNING,
		    "pid 8 was dumped with NVIDIA 580.95.05, and here is NVIDIA "
		    "580.159.04: whether one driver restores what another has left was "
		    "never tried",
		    "if the restore fails, use a machine with NVIDIA 580.95.05");
	here_is("570.86.15");
	assert_says(check_dump_driver, GRADE_WARNING,
		    "pid 7 was dumped with NVIDIA 580.159.04, and here is the older "
		    "NVIDIA 570.86.15: whether one driver restores what another has left "
		    "was never tried",
		    NULL);
}

static void without_both_drivers_nothing_is_said(void **state)
{
	(void)state;
	written_by(0, 7, "NVIDIA 580.159.04");
	assert_says(check_dump_driver, GRADE_NONE, "", NULL);
	here_is("580.159.04");
	written_by(0, 7, "");
	assert_says(check_dump_driver, GRADE_NONE, "", NULL);
	images.image_count = 0;
	assert_says(check_dump_driver, GRADE_NONE, "", NULL);
}

static void memory_is_for_all_pages_and_one_process(void **state)
{
	(void)state;
	images.pages_bytes = 4 * GIB;
	room = 4 * GIB;
	assert_says(check_restore_memory, GRADE_OK,
		    "it takes 4.0 GiB for CRIU's own images; 4.0 GiB available, in the "
		    "machine",
		    NULL);
	largest = 8 * GIB;
	room = 12 * GIB;
	assert_says(check_restore_memory, GRADE_OK,
		    "it takes 4.0 GiB for CRIU's own images, and 8.0 GiB for GPU memory, "
		    "of a process at a time; 12.0 GiB available, in the machine",
		    NULL);
}

static void too_little_memory_is_an_error_unless_there_is_swap(void **state)
{
	static const char too_little[] =
		"it takes 4.0 GiB for CRIU's own images, and 8.0 GiB for GPU memory, of "
		"a process at a time; only 11.0 GiB available, in the machine";

	(void)state;
	images.pages_bytes = 4 * GIB;
	largest = 8 * GIB;
	room = 11 * GIB;
	swap_space = GIB - 1;
	assert_says(check_restore_memory, GRADE_ERROR, too_little,
		    "make room, or raise the limit of the cgroup");
	swap_space = GIB;
	assert_says(check_restore_memory, GRADE_WARNING, too_little,
		    "make room, or raise the limit of the cgroup; what goes to swap "
		    "takes long");
}

static void memory_that_cannot_be_seen_is_a_warning(void **state)
{
	(void)state;
	room_error = -EACCES;
	assert_says(check_restore_memory, GRADE_WARNING,
		    "how much there is cannot be seen: Permission denied", "");
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(whole_images_say_what_they_need),
		CASE(each_bad_file_is_an_error_with_a_remedy),
		CASE(what_only_this_caller_cannot_read_is_a_warning),
		CASE(the_same_driver_is_good),
		CASE(another_driver_is_a_warning),
		CASE(without_both_drivers_nothing_is_said),
		CASE(memory_is_for_all_pages_and_one_process),
		CASE(too_little_memory_is_an_error_unless_there_is_swap),
		CASE(memory_that_cannot_be_seen_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
