/* SPDX-License-Identifier: GPL-2.0-only */
#include "inventory.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "images.h"
#include "images/inventory.pb-c.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED     ((enum inventory_need)77)

static const struct {
	int n_names; /* -1: no list */
	const char *names[4];
	enum inventory_need need;
} lists[] = {
	{ -1, { NULL }, INVENTORY_UNSET },
	{ 0, { NULL }, INVENTORY_NOT_NEEDED },
	{ 1, { "amdgpu_plugin" }, INVENTORY_NOT_NEEDED },
	{ 1, { "" }, INVENTORY_NOT_NEEDED },
	{ 2, { "cuda_plugi", "cuda_plugin2" }, INVENTORY_NOT_NEEDED },
	{ 1, { IMAGES_PLUGIN }, INVENTORY_NEEDED },
	{ 3, { "amdgpu_plugin", IMAGES_PLUGIN, "other" }, INVENTORY_NEEDED },
	{ 2, { IMAGES_PLUGIN, IMAGES_PLUGIN }, INVENTORY_NEEDED },
};

/* ---- reading ---- */

static void list_is_read(void **state)
{
	const struct images *images = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		enum inventory_need need = UNTOUCHED;
		struct images_file image;

		images_build(&image, lists[i].n_names, lists[i].names);
		images_put(images->dirfd, &image);

		assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need), 0);
		assert_int_equal(need, lists[i].need);
	}
}

static void missing_file_is_enoent(void **state)
{
	const struct images *images = *state;
	enum inventory_need need = UNTOUCHED;

	assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need), -ENOENT);
	assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), -ENOENT);
	assert_int_equal(need, UNTOUCHED);
	images_check_alone(images->dirfd);
}

static void directory_in_its_place_is_an_error(void **state)
{
	const struct images *images = *state;
	enum inventory_need need = UNTOUCHED;

	assert_int_equal(mkdirat(images->dirfd, IMAGES_INVENTORY, 0700), 0);
	assert_true(inventory_read(images->dirfd, IMAGES_PLUGIN, &need) < 0);
	assert_true(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN) < 0);
	assert_int_equal(need, UNTOUCHED);
	assert_int_equal(unlinkat(images->dirfd, IMAGES_INVENTORY, AT_REMOVEDIR), 0);
}

/* ---- adding ---- */

static void smallest_inventory_becomes_what_criu_writes(void **state)
{
	static const char before[] = "\x16\x31\x31\x58\x02\x00\x00\x00\x08\x01";
	static const char after[] =
		"\x16\x31\x31\x58\x11\x00\x00\x00\x08\x01\x62\x0d\x62\x0b"
		"cuda_plugin";
	const struct images *images = *state;
	struct images_file image = { .size = sizeof(before) - 1 };

	memcpy(image.at, before, image.size);
	images_put(images->dirfd, &image);

	assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), 0);

	image.size = sizeof(after) - 1;
	memcpy(image.at, after, image.size);
	images_check(images->dirfd, &image);
}

/* Parse what is there: @names, then ours. */
static void check_names(int dirfd, int n_names, const char *const names[])
{
	int fd autoclose = openat(dirfd, IMAGES_INVENTORY, O_RDONLY | O_CLOEXEC);
	size_t expected = n_names > 0 ? (size_t)n_names : 0;
	uint8_t bytes[IMAGES_FILE_MAX];
	ssize_t size = read(fd, bytes, sizeof(bytes));
	InventoryImage *image;

	assert_true(size > (ssize_t)IMAGES_HEADER);
	image = inventory_image__unpack(NULL, (size_t)size - IMAGES_HEADER,
					bytes + IMAGES_HEADER);
	assert_non_null(image);
	assert_int_equal(image->image_version, 2);
	assert_int_equal(image->security_module, -5);
	assert_int_equal(image->plugins->n_names, expected + 1);
	for (size_t i = 0; i < expected; i++)
		assert_string_equal(image->plugins->names[i], names[i]);
	assert_string_equal(image->plugins->names[expected], IMAGES_PLUGIN);
	inventory_image__free_unpacked(image, NULL);
}

static void name_is_added_and_all_else_kept(void **state)
{
	const struct images *images = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		enum inventory_need need = UNTOUCHED;
		struct images_file image, expected;

		if (lists[i].need == INVENTORY_NEEDED)
			continue;

		images_build(&image, lists[i].n_names, lists[i].names);
		images_put(images->dirfd, &image);
		images_amend(&expected, &image);

		assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), 0);
		images_check(images->dirfd, &expected);
		check_names(images->dirfd, lists[i].n_names, lists[i].names);
		images_check_alone(images->dirfd);
		assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need), 0);
		assert_int_equal(need, INVENTORY_NEEDED);
	}
}

static void image_that_names_it_is_left_alone(void **state)
{
	const struct images *images = *state;
	struct images_file image;
	struct stat before, after;

	images_build(&image, 2, (const char *const[]){ "other", IMAGES_PLUGIN });
	images_put(images->dirfd, &image);
	assert_int_equal(fstatat(images->dirfd, IMAGES_INVENTORY, &before, 0), 0);

	assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), 0);

	images_check(images->dirfd, &image);
	assert_int_equal(fstatat(images->dirfd, IMAGES_INVENTORY, &after, 0), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
}

static void empty_name_is_refused(void **state)
{
	const struct images *images = *state;
	struct images_file image;

	images_build(&image, 0, NULL);
	images_put(images->dirfd, &image);

	assert_int_equal(inventory_add_plugin(images->dirfd, ""), -EINVAL);
	images_check(images->dirfd, &image);
}

static void mode_and_owner_are_kept(void **state)
{
	const struct images *images = *state;
	const uid_t uid = geteuid() ? geteuid() : 1234;
	const gid_t gid = geteuid() ? getegid() : 4321;
	struct images_file image;
	struct stat after;

	images_build(&image, -1, NULL);
	images_put(images->dirfd, &image);
	assert_int_equal(fchownat(images->dirfd, IMAGES_INVENTORY, uid, gid, 0), 0);
	assert_int_equal(fchmodat(images->dirfd, IMAGES_INVENTORY, 0646, 0), 0);

	assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), 0);

	assert_int_equal(fstatat(images->dirfd, IMAGES_INVENTORY, &after, 0), 0);
	assert_int_equal(after.st_mode, S_IFREG | 0646);
	assert_int_equal(after.st_uid, uid);
	assert_int_equal(after.st_gid, gid);
}

static void leftover_of_a_killed_run_is_no_obstacle(void **state)
{
	const struct images *images = *state;
	struct images_file image, expected;
	char leftover[64];

	snprintf(leftover, sizeof(leftover), IMAGES_INVENTORY ".%d-0", (int)getpid());
	assert_int_equal(mkdirat(images->dirfd, leftover, 0700), 0);
	images_build(&image, -1, NULL);
	images_put(images->dirfd, &image);
	images_amend(&expected, &image);

	assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), 0);

	images_check(images->dirfd, &expected);
	assert_int_equal(unlinkat(images->dirfd, leftover, AT_REMOVEDIR), 0);
	images_check_alone(images->dirfd);
}

#define test(f) cmocka_unit_test_setup_teardown(f, images_setup, images_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(list_is_read),
		test(missing_file_is_enoent),
		test(directory_in_its_place_is_an_error),
		test(smallest_inventory_becomes_what_criu_writes),
		test(name_is_added_and_all_else_kept),
		test(image_that_names_it_is_left_alone),
		test(empty_name_is_refused),
		test(mode_and_owner_are_kept),
		test(leftover_of_a_killed_run_is_no_obstacle),
	};

	return cmocka_run_group_tests_name("inventory", tests, NULL, NULL);
}
