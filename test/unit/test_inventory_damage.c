/* SPDX-License-Identifier: GPL-2.0-only */
#include "inventory.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "images.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define LARGEST	      (IMAGES_HEADER + 16 * 1024 * 1024)
#define UNTOUCHED     ((enum inventory_need)77)

/* Thousands of files are written here, and none of them has to survive. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	(void)fd;

	return 0;
}

/* Reading must not crash. Adding works, or it leaves the file as it was. */
static void check_any(int dirfd, const struct images_file *image)
{
	enum inventory_need need = UNTOUCHED;
	struct images_file expected = *image;
	int ret;

	images_put(dirfd, image);

	ret = inventory_read(dirfd, IMAGES_PLUGIN, &need);

	assert_true(ret == 0 || ret == -EBADMSG);
	assert_int_equal(need == UNTOUCHED, ret != 0);
	assert_int_equal(inventory_add_plugin(dirfd, IMAGES_PLUGIN), ret);
	if (ret == 0 && need != INVENTORY_NEEDED)
		images_amend(&expected, image);
	images_check(dirfd, &expected);
	images_check_alone(dirfd);
}

/* Payloads, with a right header before them. */
static const struct {
	const char *bytes;
	size_t size;
	int ret;
} payloads[] = {
	/* clang-format off */
	{ "\x08\x01", 2, 0 },
	{ "\x08\x01\xa2\x06\x03""abc", 8, 0 },			 /* a field of the future */
	{ "\x08\x01\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 13, 0 }, /* lsm -1 */
	{ "\x08\x01\x30\xe7\x07", 5, 0 },			 /* lsm 999 */
	{ "\x62\x00\x08\x01", 4, 0 },				 /* an empty list, first */
	{ "\x62\x03\x62\x01x\x08\x01\x62\x03\x62\x01y", 12, 0 }, /* two lists */
	{ "", 0, -EBADMSG },					 /* nothing required there */
	{ "\x10\x01", 2, -EBADMSG },				 /* no version */
	{ "\x08", 1, -EBADMSG },
	{ "\x08\xff", 2, -EBADMSG },
	{ "\x08\x01\x62", 3, -EBADMSG },
	{ "\x08\x01\x62\x05", 4, -EBADMSG },
	{ "\x08\x01\x62\x02\x62\x01", 6, -EBADMSG },
	{ "\x08\x01\x62\xff\xff\xff\xff\x0f", 8, -EBADMSG },
	{ "\x08\x01\x60\x01", 4, -EBADMSG },			 /* the list a number */
	{ "\x08\x01\x00\x01", 4, -EBADMSG },			 /* field 0 */
	{ "\x08\x01\x63\x64", 4, -EBADMSG },			 /* a group */
	/* clang-format on */
};

static void payload_is_taken_or_refused(void **state)
{
	const struct images *images = *state;

	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		enum inventory_need need;
		struct images_file image;

		images_frame(&image, payloads[i].bytes, payloads[i].size);
		check_any(images->dirfd, &image);

		assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need),
				 payloads[i].ret);
	}
}

static const struct {
	int n_names; /* -1: no list */
	const char *names[3];
} lists[] = {
	{ -1, { NULL } },
	{ 1, { "" } },
	{ 3, { "amdgpu_plugin", IMAGES_PLUGIN, "other" } },
};

static void every_damaged_byte_is_harmless(void **state)
{
	const struct images *images = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct images_file image;

		images_build(&image, lists[i].n_names, lists[i].names);
		for (size_t at = 0; at < image.size; at++) {
			for (int bit = 0; bit < 10; bit++) {
				struct images_file damaged = image;

				/* each bit, and all off, and all on */
				damaged.at[at] = bit < 8    ? damaged.at[at] ^ 1 << bit
						 : bit == 8 ? 0
							    : 0xff;
				check_any(images->dirfd, &damaged);
			}
		}
	}
}

static void damaged_header_is_refused(void **state)
{
	const struct images *images = *state;
	enum inventory_need need = UNTOUCHED;
	struct images_file image;

	images_build(&image, 0, NULL);
	for (size_t bit = 0; bit < 8 * IMAGES_HEADER; bit++) {
		struct images_file damaged = image;

		damaged.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_any(images->dirfd, &damaged);
		assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need),
				 -EBADMSG);
	}
}

static void file_of_the_wrong_length_is_refused(void **state)
{
	const struct images *images = *state;
	enum inventory_need need = UNTOUCHED;
	struct images_file image, cut;

	images_build(&image, 1, (const char *const[]){ "other" });
	for (size_t size = 0; size < image.size + 20; size++) {
		cut = image;
		memset(cut.at + image.size, 0, 20);
		cut.size = size;
		check_any(images->dirfd, &cut);
		if (size == image.size)
			continue;

		assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need),
				 -EBADMSG);
	}
}

static void payload_cut_short_anywhere_is_harmless(void **state)
{
	const struct images *images = *state;
	struct images_file image, cut;

	images_build(&image, 1, (const char *const[]){ "other" });
	for (size_t size = IMAGES_HEADER; size < image.size; size++) {
		cut = image;
		cut.size = size;
		images_set_length(&cut, size - IMAGES_HEADER);
		check_any(images->dirfd, &cut);
	}
}

/* A sparse file: a valid header, a version, and a field of zeros up to the end. */
static void put_large(int dirfd, off_t size)
{
	int fd autoclose = openat(dirfd, IMAGES_INVENTORY,
				  O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t field = (size_t)size - IMAGES_HEADER - 8;
	struct images_file image;

	images_frame(&image, "\x08\x01\xa2\x06", 4);
	images_set_length(&image, (size_t)size - IMAGES_HEADER);
	for (int i = 0; i < 4; i++)
		image.at[image.size++] = (uint8_t)(field >> 7 * i | (i < 3) << 7);

	assert_int_equal(write(fd, image.at, image.size), image.size);
	assert_int_equal(ftruncate(fd, size), 0);
}

static void absurd_size_is_refused(void **state)
{
	const struct images *images = *state;
	enum inventory_need need = UNTOUCHED;

	put_large(images->dirfd, LARGEST);
	assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need), 0);
	assert_int_equal(need, INVENTORY_UNSET);
	assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), -EFBIG);

	put_large(images->dirfd, LARGEST + 1);
	assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need), -EBADMSG);

	put_large(images->dirfd, (off_t)1 << 40);
	assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need), -EBADMSG);
	assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), -EBADMSG);
	images_check_alone(images->dirfd);
}

static void what_is_no_regular_file_is_refused_without_waiting(void **state)
{
	const struct images *images = *state;
	enum inventory_need need = UNTOUCHED;

	assert_int_equal(mkfifoat(images->dirfd, IMAGES_INVENTORY, 0600), 0);
	alarm(30);
	assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need), -EBADMSG);
	assert_int_equal(inventory_add_plugin(images->dirfd, IMAGES_PLUGIN), -EBADMSG);
	alarm(0);
	assert_int_equal(unlinkat(images->dirfd, IMAGES_INVENTORY, 0), 0);

	assert_int_equal(mkdirat(images->dirfd, IMAGES_INVENTORY, 0700), 0);
	assert_int_equal(inventory_read(images->dirfd, IMAGES_PLUGIN, &need), -EBADMSG);
	assert_int_equal(unlinkat(images->dirfd, IMAGES_INVENTORY, AT_REMOVEDIR), 0);
	assert_int_equal(need, UNTOUCHED);
}

#define test(f) cmocka_unit_test_setup_teardown(f, images_setup, images_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(payload_is_taken_or_refused),
		test(every_damaged_byte_is_harmless),
		test(damaged_header_is_refused),
		test(file_of_the_wrong_length_is_refused),
		test(payload_cut_short_anywhere_is_harmless),
		test(absurd_size_is_refused),
		test(what_is_no_regular_file_is_refused_without_waiting),
	};

	return cmocka_run_group_tests_name("inventory_damage", tests, NULL, NULL);
}
