/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an inspection makes of a directory that changes meanwhile, and without memory.
 * What it makes of images is in test/criu-cuda.
 */
#include "inspection.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The nth of these calls fails; 0: none. */
static int fail_calloc;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return fail_calloc && --fail_calloc == 0 ? NULL : __real_calloc(count, size);
}

/* An empty directory in which there were two images and an unfinished one before. */
static char path[] = "/tmp/test_inspection.XXXXXX";
static pid_t images[] = { 7, 8 }, parts[] = { 9 };
static struct image_set set = {
	.images = { .at = images, .count = 2 },
	.parts = { .at = parts, .count = 1 },
	.pages_files = 3,
	.pages_bytes = 12345,
};

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(path))
		return -1;

	set.dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return set.dirfd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(set.dirfd);
	return rmdir(path);
}

static void what_has_gone_meanwhile_is_a_problem(void **state)
{
	static const struct {
		const char *file;
		enum verdict verdict;
	} expected[] = {
		{ "inventory.img", VERDICT_MISSING },
		{ "cuda-memory-7.img", VERDICT_MISSING },
		{ "cuda-memory-8.img", VERDICT_MISSING },
		{ "cuda-memory-9.img.part", VERDICT_INCOMPLETE },
	};
	struct inspection inspection;

	(void)state;
	assert_int_equal(inspection_make(path, &set, &inspection), 0);

	assert_false(inspection.has_inventory);
	assert_int_equal(inspection.image_count, 0);
	assert_int_equal(inspection.problem_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(inspection.problems[i].file, expected[i].file);
		assert_int_equal(inspection.problems[i].verdict, expected[i].verdict);
	}
	assert_int_equal(inspection.pages_files, 3);
	assert_int_equal(inspection.pages_bytes, 12345);
	assert_string_equal(inspection.directory, path);
	inspection_release(&inspection);
	inspection_release(&inspection);
}

static void without_memory_there_is_no_inspection(void **state)
{
	(void)state;
	for (int n = 1; n <= 2; n++) {
		struct inspection untouched = { .image_count = 4711 };

		fail_calloc = n;
		assert_int_equal(inspection_make(path, &set, &untouched), -ENOMEM);
		assert_int_equal(fail_calloc, 0);
		assert_int_equal(untouched.image_count, 4711);
	}
}

static void image_that_finds_no_memory_is_unreadable(void **state)
{
	struct inspection inspection;

	(void)state;
	fail_calloc = 3;
	assert_int_equal(inspection_make(path, &set, &inspection), 0);

	assert_int_equal(fail_calloc, 0);
	assert_int_equal(inspection.problems[1].verdict, VERDICT_UNREADABLE);
	assert_string_equal(inspection.problems[1].reason, "there is no memory");
	inspection_release(&inspection);
}

static void a_restore_needs_what_is_said_or_else_what_is_there(void **state)
{
	struct inspection inspection = { .has_inventory = true };

	(void)state;
	inspection.need = INVENTORY_UNSET;
	assert_int_equal(inspection_need(&inspection), INVENTORY_UNSET);
	inspection.image_count = 1;
	assert_int_equal(inspection_need(&inspection), INVENTORY_NEEDED);
	inspection.need = INVENTORY_NOT_NEEDED;
	assert_int_equal(inspection_need(&inspection), INVENTORY_NOT_NEEDED);
	inspection.has_inventory = false; /* what it says means nothing */
	assert_int_equal(inspection_need(&inspection), INVENTORY_NEEDED);
	inspection.image_count = 0;
	inspection.need = INVENTORY_NEEDED;
	assert_int_equal(inspection_need(&inspection), INVENTORY_UNSET);
}

static void the_largest_image_fills_most_memory_without_its_zeros(void **state)
{
	struct inspected_image of[] = {
		{ .header = { .length = 1000, .chunk_size = 100 },
		  .summary = { .zero_chunks = 9 } },
		{ .header = { .length = 450, .chunk_size = 100 },
		  .summary = { .zero_chunks = 2 } },
		{ .header = { .length = 50, .chunk_size = 100 },
		  .summary = { .zero_chunks = 1 } },
	};
	struct inspection inspection = { .images = of, .image_count = 3 };

	(void)state;
	assert_int_equal(inspection_largest_fill(&inspection), 250);
	inspection.image_count = 1;
	assert_int_equal(inspection_largest_fill(&inspection), 100);
	inspection.images = &of[2];
	assert_int_equal(inspection_largest_fill(&inspection), 0);
	inspection.image_count = 0;
	assert_int_equal(inspection_largest_fill(&inspection), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_gone_meanwhile_is_a_problem),
		cmocka_unit_test(without_memory_there_is_no_inspection),
		cmocka_unit_test(image_that_finds_no_memory_is_unreadable),
		cmocka_unit_test(a_restore_needs_what_is_said_or_else_what_is_there),
		cmocka_unit_test(the_largest_image_fills_most_memory_without_its_zeros),
	};

	return cmocka_run_group_tests_name("inspection", tests, set_up, tear_down);
}
