/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_image_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int memory_image_setup_below(const char *parent, void **ret_state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	snprintf(world->path, sizeof(world->path), "%s/test_memory_image.XXXXXX", parent);
	assert_non_null(mkdtemp(world->path));
	world->dirfd = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(world->dirfd >= 0);
	*ret_state = world;

	return 0;
}

int memory_image_setup(void **ret_state)
{
	return memory_image_setup_below("/tmp", ret_state);
}

int memory_image_setup_in_memory(void **ret_state)
{
	return memory_image_setup_below(
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", ret_state);
}

int memory_image_teardown(void **state)
{
	struct world *world = *state;

	(void)!memory_image_remove(world->dirfd, WORLD_PID, world->reason);
	close(world->dirfd);
	assert_int_equal(rmdir(world->path), 0);
	free(world->memory);
	free(world->filled);
	free(world);

	return 0;
}

static void make_random(uint8_t *bytes, size_t size, uint64_t seed)
{
	uint64_t word = seed * 2 + 1;

	for (size_t i = 0; i < size; i++) {
		if (i % 8 == 0) {
			word ^= word << 13;
			word ^= word >> 7;
			word ^= word << 17;
		}
		bytes[i] = (uint8_t)(word >> i % 8 * 8);
	}
}

static void make_dull(uint8_t *bytes, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(1 + (i + seed) % 7);
}

static enum world_content content_of(enum world_content content, size_t number)
{
	static const enum world_content turns[] = { WORLD_RANDOM, WORLD_ZERO,
						    WORLD_DULL };

	if (content == WORLD_HALF)
		return number % 2 ? WORLD_ZERO : WORLD_RANDOM;
	return content == WORLD_MIXED ? turns[number % 3] : content;
}

void world_have(struct world *world, size_t length, enum world_content content)
{
	free(world->memory);
	free(world->filled);
	world->memory = calloc(1, length + 1);
	world->filled = malloc(length + 1);
	world->length = length;
	assert_non_null(world->memory);
	assert_non_null(world->filled);

	for (size_t at = 0; at < length; at += WORLD_CHUNK) {
		size_t size = length - at < WORLD_CHUNK ? length - at : WORLD_CHUNK;
		enum world_content chunk = content_of(content, at / WORLD_CHUNK);

		if (chunk == WORLD_RANDOM)
			make_random(world->memory + at, size, at + 1);
		else if (chunk == WORLD_DULL)
			make_dull(world->memory + at, size, at + 1);
	}
}

struct memory_image_header world_header(const struct world *world,
					enum memory_image_compression compression)
{
	return (struct memory_image_header){
		.pid = WORLD_PID,
		.address = 0x7f1234560000,
		.length = world->length,
		.chunk_size = WORLD_CHUNK,
		.compression = compression,
		.driver = "NVIDIA 570.86.15",
	};
}

static int read_memory(void *subject, uint64_t offset, void *buffer, size_t size)
{
	struct world *world = subject;

	if (atomic_fetch_add(&world->reads, 1) + 1 == world->fail_read)
		return world->error;
	if (offset > world->length || size > world->length - offset)
		return -EFAULT;

	memcpy(buffer, world->memory + offset, size);
	return 0;
}

static int write_memory(void *subject, uint64_t offset, const void *bytes, size_t size)
{
	struct world *world = subject;

	if (atomic_fetch_add(&world->writes, 1) + 1 == world->fail_write)
		return world->error;
	if (offset > world->length || size > world->length - offset)
		return -EFAULT;

	if (bytes) {
		memcpy(world->filled + offset, bytes, size);
	} else {
		atomic_fetch_add(&world->zeros, 1);
		memset(world->filled + offset, 0, size);
	}
	return 0;
}

static int write_so(struct world *world, const struct memory_image_header *header,
		    const struct memory_image_manner *manner,
		    struct memory_image_summary *ret_summary)
{
	const struct memory_image_source source = { .read = read_memory,
						    .subject = world };

	world->reads = 0;
	world->reason[0] = '\0';
	return memory_image_write(world->dirfd, header, &source, manner, ret_summary,
				  world->reason);
}

int world_write(struct world *world, const struct memory_image_header *header,
		unsigned int threads, struct memory_image_summary *ret_summary)
{
	const struct memory_image_manner manner = { .threads = threads };

	return write_so(world, header, &manner, ret_summary);
}

int world_write_so(struct world *world, enum memory_image_compression compression,
		   const struct memory_image_manner *manner, bool *ret_direct)
{
	struct memory_image_header header = world_header(world, compression);
	struct memory_image_summary summary = { .direct = false };
	int ret = write_so(world, &header, manner, &summary);

	*ret_direct = summary.direct;
	return ret;
}

struct memory_image_target world_target(struct world *world)
{
	return (struct memory_image_target){ .write = write_memory, .subject = world };
}

int world_open_and_fill(struct world *world, unsigned int threads)
{
	const struct memory_image_target target = world_target(world);
	struct memory_image *image;
	int ret;

	world->writes = 0;
	world->zeros = 0;
	world->reason[0] = '\0';
	memset(world->filled, 0xa5, world->length + 1);
	ret = memory_image_open(world->dirfd, WORLD_PID, &image, world->reason);
	if (ret < 0)
		return ret;

	ret = memory_image_fill(image, &target, threads, world->reason);
	memory_image_close(image);
	return ret;
}

int world_fill(struct world *world, unsigned int threads)
{
	char reason[REASON_MAX] = "";
	struct memory_image *image;
	int ret = world_open_and_fill(world, threads);

	if (memory_image_open(world->dirfd, WORLD_PID, &image, reason) == 0) {
		assert_int_equal(memory_image_verify(image, threads, reason), ret);
		memory_image_close(image);
	}
	/* One thread finds the same chunk first. */
	if (threads == 1)
		assert_string_equal(reason, world->reason);
	return ret;
}

void world_check(struct world *world)
{
	int ret = world_fill(world, 2);

	if (ret)
		fail_msg("%d: %s", ret, world->reason);
	if (world->length && memcmp(world->filled, world->memory, world->length) != 0)
		fail_msg("%zu bytes came back otherwise", world->length);
	assert_int_equal(world->filled[world->length], 0xa5);
	assert_int_equal(world_count_files(world), 1);
}

int world_count_files(const struct world *world)
{
	int fd = openat(world->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir autoclosedir = fdopendir(fd);
	const struct dirent *entry;
	int count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';

	return count;
}

void world_check_empty(const struct world *world)
{
	assert_int_equal(world_count_files(world), 0);
}
