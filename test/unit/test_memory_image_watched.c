/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What whoever looks on sees of an image that is written, and filled from.
 */
#include "memory_image.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_image_world.h"

#define CHUNKS 5
#define PART   WORLD_NAME MEMORY_IMAGE_PART

/* The position of the file with that name that this process has open; -1: it has none. */
static long position_of(const char *name)
{
	char path[64], link[256];
	long position, most = -1;

	for (int fd = 0; fd < 64; fd++) {
		ssize_t length;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, link, sizeof(link) - 1);
		if (length < 0)
			continue;
		link[length] = '\0';
		if (strcmp(strrchr(link, '/') ? strrchr(link, '/') + 1 : link, name) != 0)
			continue;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		file = fopen(path, "re");
		assert_non_null(file);
		assert_int_equal(fscanf(file, "pos: %ld", &position), 1);
		fclose(file);
		most = position > most ? position : most;
	}

	return most;
}

static void see(const struct world *world, const char *name, uint64_t done)
{
	struct memory_image_header header;

	assert_int_equal(memory_image_peek(world->dirfd, name, &header), 0);
	assert_int_equal(header.pid, WORLD_PID);
	assert_int_equal(header.length, world->length);
	assert_int_equal(position_of(name), done);
}

static int read_and_see(void *subject, uint64_t offset, void *buffer, size_t size)
{
	struct world *world = subject;

	see(world, PART, offset);
	memcpy(buffer, world->memory + offset, size);
	return 0;
}

static int write_and_see(void *subject, uint64_t offset, const void *bytes, size_t size)
{
	(void)bytes;
	(void)size;
	see(subject, WORLD_NAME, offset);
	return 0;
}

/* Also of what is not stored, being zeros, and of what got smaller. */
static void image_tells_how_far_it_is(void **state)
{
	struct world *world = *state;
	const struct memory_image_source source = { .read = read_and_see,
						    .subject = world };
	const struct memory_image_target target = { .write = write_and_see,
						    .subject = world };
	const struct memory_image_manner manner = { .threads = 1 };
	struct memory_image_summary summary;
	struct memory_image_header header;
	struct memory_image *image;

	world_have(world, CHUNKS * WORLD_CHUNK - 77, WORLD_MIXED);
	header = world_header(world, MEMORY_IMAGE_ZSTD);
	assert_int_equal(memory_image_write(world->dirfd, &header, &source, &manner,
					    &summary, world->reason),
			 0);
	assert_true(summary.zero_chunks > 0);
	assert_int_equal(
		memory_image_open(world->dirfd, WORLD_PID, &image, world->reason), 0);
	assert_int_equal(memory_image_fill(image, &target, 1, world->reason), 0);
	see(world, WORLD_NAME, world->length);
	memory_image_close(image);
}

static int fail_and_keep(void *subject, uint64_t offset, void *buffer, size_t size)
{
	struct world *world = subject;

	(void)offset;
	(void)buffer;
	(void)size;
	assert_int_equal(linkat(world->dirfd, PART, world->dirfd, WORLD_NAME, 0), 0);
	return -EIO;
}

static void what_is_to_come_is_no_image(void **state)
{
	struct world *world = *state;
	const struct memory_image_source source = { .read = fail_and_keep,
						    .subject = world };
	const struct memory_image_manner manner = { .threads = 1 };
	struct memory_image_summary summary;
	struct memory_image_header header;
	struct memory_image *image;

	world_have(world, WORLD_CHUNK, WORLD_RANDOM);
	header = world_header(world, MEMORY_IMAGE_PLAIN);
	assert_int_equal(memory_image_write(world->dirfd, &header, &source, &manner,
					    &summary, world->reason),
			 -EIO);
	assert_int_equal(memory_image_peek(world->dirfd, WORLD_NAME, &header), 0);
	assert_int_not_equal(
		memory_image_open(world->dirfd, WORLD_PID, &image, world->reason), 0);
}

static void put(const struct world *world, const char *name, const void *bytes,
		size_t size)
{
	const int fd = openat(world->dirfd, name, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void other_files_say_nothing(void **state)
{
	static const char zeros[8192];
	struct memory_image_header header = { .pid = 77 };
	struct world *world = *state;

	put(world, "zeros", zeros, sizeof(zeros));
	put(world, "short", zeros, 100);
	assert_int_equal(mkdirat(world->dirfd, "folder", 0700), 0);
	assert_int_equal(memory_image_peek(world->dirfd, "zeros", &header), -EBADMSG);
	assert_int_equal(memory_image_peek(world->dirfd, "short", &header), -ENODATA);
	assert_int_equal(memory_image_peek(world->dirfd, "folder", &header), -EBADMSG);
	assert_int_equal(memory_image_peek(world->dirfd, "none", &header), -ENOENT);
	assert_int_equal(header.pid, 77);
	assert_int_equal(unlinkat(world->dirfd, "folder", AT_REMOVEDIR), 0);
	assert_int_equal(unlinkat(world->dirfd, "zeros", 0), 0);
	assert_int_equal(unlinkat(world->dirfd, "short", 0), 0);
}

#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, memory_image_setup, memory_image_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(image_tells_how_far_it_is),
		CASE(what_is_to_come_is_no_image),
		CASE(other_files_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
