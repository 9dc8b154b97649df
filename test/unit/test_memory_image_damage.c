/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real files that were damaged: each byte, each length.
 */
#include "memory_image.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_image_format.h"
#include "memory_image_world.h"

#define BLOCK  4096u
#define CHUNK  8192u
#define CHUNKS 9u

/* An image in a file, and what belongs at each of its bytes. */
struct file {
	int fd;
	size_t size;
	size_t tail; /* where the index begins */
	uint8_t bytes[4 * BLOCK * CHUNKS];
};

/* Thousands of files are read here, and none of them from a disk. */
int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	if (flags & O_DIRECT) {
		errno = EINVAL;
		return -1;
	}

	return __real_openat(dirfd, path, flags, 0600);
}

/* Of chunks of all kinds; in WORLD_MIXED a kind has a length of WORLD_CHUNK. */
static void make_file(struct world *world, struct file *file)
{
	struct memory_image_header header;
	struct memory_image_summary summary;

	world_have(world, CHUNKS * CHUNK - 3, WORLD_RANDOM);
	for (size_t i = 0; i < CHUNKS; i++) {
		if (i % 3 < 2)
			memset(world->memory + i * CHUNK, i % 3 ? 7 : 0,
			       i + 1 < CHUNKS ? CHUNK : CHUNK - 3);
	}
	header = world_header(world, MEMORY_IMAGE_ZSTD);
	header.chunk_size = CHUNK;
	assert_int_equal(world_write(world, &header, 1, &summary), 0);

	file->fd = openat(world->dirfd, WORLD_NAME, O_RDWR | O_CLOEXEC);
	assert_true(file->fd >= 0);
	file->size = summary.file_size;
	file->tail = file->size - BLOCK;
	assert_true(file->size <= sizeof(file->bytes));
	assert_int_equal(pread(file->fd, file->bytes, file->size, 0), file->size);
}

static void put(const struct file *file, size_t at, uint8_t byte)
{
	assert_int_equal(pwrite(file->fd, &byte, 1, (off_t)at), 1);
}

static int try_open(struct world *world)
{
	struct memory_image *image;
	int ret;

	world->reason[0] = '\0';
	ret = memory_image_open(world->dirfd, WORLD_PID, &image, world->reason);
	if (ret == 0)
		memory_image_close(image);
	else
		assert_true(strncmp(world->reason, WORLD_NAME ": ", 22) == 0 &&
			    strlen(world->reason) > 22);

	return ret;
}

/* Each bit, and some others. */
static uint8_t damaged(uint8_t byte, int how)
{
	static const uint8_t fixed[] = { 0, 0xff, 0x2a };

	return how < 8 ? (uint8_t)(byte ^ 1 << how) : fixed[how - 8];
}

static void damage(struct world *world, const struct file *file, size_t from, size_t to)
{
	for (size_t at = from; at < to; at++) {
		for (int how = 0; how < 11; how++) {
			uint8_t byte = damaged(file->bytes[at], how);
			int ret;

			if (byte == file->bytes[at])
				continue;
			put(file, at, byte);
			ret = try_open(world);
			if (ret != -EBADMSG && ret != -ENODATA)
				fail_msg("byte %zu is %#x: %d", at, byte, ret);
			/* What tells a file that is complete is eight bytes. */
			if (ret == -ENODATA)
				assert_in_range(at, file->size - 16, file->size - 9);
		}
		put(file, at, file->bytes[at]);
	}
}

static void every_damaged_byte_of_header_index_and_footer_is_seen(void **state)
{
	struct world *world = *state;
	struct file file;

	make_file(world, &file);

	damage(world, &file, 0, BLOCK);
	damage(world, &file, file.tail, file.size);

	assert_int_equal(world_fill(world, 1), 0);
	assert_memory_equal(world->filled, world->memory, world->length);
	close(file.fd);
}

/* The memory is as it was, or as it was before a chunk was handed out, @bad. */
static void check_filled(const struct world *world, size_t bad)
{
	for (size_t i = 0; i < CHUNKS; i++) {
		size_t size = i + 1 < CHUNKS ? CHUNK : CHUNK - 3;
		const uint8_t *filled = world->filled + i * CHUNK;

		if (i == bad) {
			for (size_t j = 0; j < size; j++)
				assert_int_equal(filled[j], 0xa5);
		} else if (filled[0] != 0xa5 || filled[1] != 0xa5) {
			assert_memory_equal(filled, world->memory + i * CHUNK, size);
		}
	}
}

/* A frame of zstd has a bit or two that mean nothing: the chunk comes back as it was. */
static void check_damaged(struct world *world, size_t number, bool may_be_nothing)
{
	char name[32];
	int ret = world_fill(world, 1);

	if (ret == 0 && may_be_nothing) {
		assert_memory_equal(world->filled, world->memory, world->length);
		return;
	}

	assert_int_equal(ret, -EBADMSG);
	snprintf(name, sizeof(name), ": chunk %zu of 9: ", number + 1);
	assert_non_null(strstr(world->reason, name));
	check_filled(world, number);
}

static void damage_chunk(struct world *world, const struct file *file, size_t number)
{
	struct memory_image_record record;

	memory_image_decode_record(file->bytes + file->tail, number, &record);
	for (size_t i = 0; i < image_file_padded(record.stored.size); i++) {
		size_t at = record.offset + i;

		put(file, at, file->bytes[at] ^ (uint8_t)(1 << i % 8));
		/* What fills the block up is of no interest. */
		if (i < record.stored.size)
			check_damaged(world, number,
				      record.stored.form == MEMORY_CHUNK_ZSTD);
		else
			assert_int_equal(world_fill(world, 1), 0);
		put(file, at, file->bytes[at]);
	}
}

static void every_damaged_bit_of_a_chunk_is_seen_before_it_is_handed_out(void **state)
{
	struct world *world = *state;
	struct file file;

	make_file(world, &file);

	for (size_t i = 0; i < CHUNKS; i++)
		damage_chunk(world, &file, i);

	assert_int_equal(world_fill(world, 4), 0);
	check_filled(world, CHUNKS);
	close(file.fd);
}

static void file_cut_anywhere_is_not_complete(void **state)
{
	struct world *world = *state;
	struct file file;

	make_file(world, &file);

	for (size_t size = file.size; size-- > 0;) {
		assert_int_equal(ftruncate(file.fd, (off_t)size), 0);
		assert_int_equal(try_open(world), -ENODATA);
	}
	close(file.fd);
}

static void file_that_goes_on_behind_its_end_is_refused(void **state)
{
	struct world *world = *state;
	struct file file;

	make_file(world, &file);

	assert_int_equal(ftruncate(file.fd, (off_t)file.size + 1), 0);
	assert_int_equal(try_open(world), -ENODATA);
	assert_int_equal(ftruncate(file.fd, (off_t)file.size + BLOCK), 0);
	assert_int_equal(try_open(world), -ENODATA);
	/* The same index and footer once more. */
	assert_int_equal(pwrite(file.fd, file.bytes + file.tail, BLOCK, (off_t)file.size),
			 BLOCK);
	assert_int_equal(try_open(world), -EBADMSG);
	close(file.fd);
}

static void missing_and_doubled_blocks_are_seen(void **state)
{
	struct world *world = *state;
	struct file file;

	make_file(world, &file);

	for (size_t from = 0; from + BLOCK < file.size; from += BLOCK) {
		size_t rest = file.size - from - BLOCK;

		/* The block at @from is not there. */
		assert_int_equal(
			pwrite(file.fd, file.bytes + from + BLOCK, rest, (off_t)from),
			rest);
		assert_int_equal(ftruncate(file.fd, (off_t)(file.size - BLOCK)), 0);
		assert_true(try_open(world) < 0);
		/* It is there twice. */
		assert_int_equal(pwrite(file.fd, file.bytes, file.size, 0), file.size);
		assert_int_equal(pwrite(file.fd, file.bytes + from, file.size - from,
					(off_t)(from + BLOCK)),
				 file.size - from);
		assert_true(try_open(world) < 0);
		assert_int_equal(pwrite(file.fd, file.bytes, file.size, 0), file.size);
		assert_int_equal(ftruncate(file.fd, (off_t)file.size), 0);
	}
	assert_int_equal(world_fill(world, 1), 0);
	close(file.fd);
}

static void file_cut_while_it_is_open_is_seen(void **state)
{
	struct world *world = *state;
	struct memory_image *image;
	struct file file;

	make_file(world, &file);
	assert_int_equal(
		memory_image_open(world->dirfd, WORLD_PID, &image, world->reason), 0);

	assert_int_equal(ftruncate(file.fd, 3 * BLOCK), 0);

	assert_int_equal(memory_image_verify(image, 3, world->reason), -ENODATA);
	assert_non_null(strstr(world->reason, "cut short"));
	memory_image_close(image);
	close(file.fd);
}

#define test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, memory_image_setup_in_memory, \
					memory_image_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(every_damaged_byte_of_header_index_and_footer_is_seen),
		test(every_damaged_bit_of_a_chunk_is_seen_before_it_is_handed_out),
		test(file_cut_anywhere_is_not_complete),
		test(file_that_goes_on_behind_its_end_is_refused),
		test(missing_and_doubled_blocks_are_seen),
		test(file_cut_while_it_is_open_is_seen),
	};

	return cmocka_run_group_tests_name("memory_image_damage", tests, NULL, NULL);
}
