/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_image.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_image_world.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const size_t lengths[] = {
	0,
	1,
	4095,
	4096,
	4097,
	WORLD_CHUNK - 1,
	WORLD_CHUNK,
	WORLD_CHUNK + 1,
	2 * WORLD_CHUNK,
	7 * WORLD_CHUNK,
	64 * WORLD_CHUNK + 12345,
};

static void round_trip(struct world *world, enum memory_image_compression compression,
		       unsigned int threads)
{
	struct memory_image_header header = world_header(world, compression);
	struct memory_image_summary summary;
	int ret = world_write(world, &header, threads, &summary);

	if (ret < 0)
		fail_msg("%d: %s", ret, world->reason);
	world_check(world);
	assert_int_equal(summary.zero_chunks, world->zeros);
	assert_int_equal(summary.chunks, world->writes);
}

static void memory_of_any_length_and_content_comes_back(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		for (int content = 0; content < WORLD_CONTENT_MAX; content++) {
			world_have(*state, lengths[i], (enum world_content)content);
			for (int how = 0; how < MEMORY_IMAGE_COMPRESSION_MAX; how++)
				round_trip(*state, (enum memory_image_compression)how, 3);
		}
	}
}

static void any_number_of_threads_makes_the_same(void **state)
{
	world_have(*state, 50 * WORLD_CHUNK + 77, WORLD_MIXED);

	for (unsigned int threads = 0; threads <= 8; threads++) {
		round_trip(*state, MEMORY_IMAGE_PLAIN, threads);
		round_trip(*state, MEMORY_IMAGE_ZSTD, threads);
	}
	round_trip(*state, MEMORY_IMAGE_ZSTD, 1000);
}

static void chunks_of_any_size_are_good(void **state)
{
	static const uint32_t sizes[] = { MEMORY_IMAGE_CHUNK_MIN,
					  3 * MEMORY_IMAGE_CHUNK_MIN, MEMORY_IMAGE_CHUNK,
					  MEMORY_IMAGE_CHUNK_MAX };
	struct world *world = *state;

	world_have(world, 20 * 1024 * 1024 + 5, WORLD_MIXED);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct memory_image_header header = world_header(
			world, i % 2 ? MEMORY_IMAGE_PLAIN : MEMORY_IMAGE_ZSTD);
		struct memory_image_summary summary;

		header.chunk_size = sizes[i];
		assert_int_equal(world_write(world, &header, 2, &summary), 0);
		world_check(world);
	}
}

static void image_tells_what_it_is(void **state)
{
	struct world *world = *state;
	struct memory_image_header header;
	struct memory_image_summary written;
	const struct memory_image_header *told;
	const struct memory_image_summary *found;
	struct memory_image *image;

	world_have(world, 5 * WORLD_CHUNK + 100, WORLD_MIXED);
	header = world_header(world, MEMORY_IMAGE_ZSTD);
	memset(header.driver, 'd', sizeof(header.driver) - 1);
	memcpy(header.id, "sixteen bytes :)", sizeof(header.id));
	header.address = UINT64_MAX - header.length;
	assert_int_equal(world_write(world, &header, 2, &written), 0);

	assert_int_equal(
		memory_image_open(world->dirfd, WORLD_PID, &image, world->reason), 0);

	told = memory_image_header(image);
	assert_int_equal(told->pid, header.pid);
	assert_int_equal(told->address, header.address);
	assert_int_equal(told->length, header.length);
	assert_int_equal(told->chunk_size, header.chunk_size);
	assert_int_equal(told->compression, header.compression);
	assert_string_equal(told->driver, header.driver);
	assert_memory_equal(told->id, header.id, sizeof(header.id));
	found = memory_image_summary(image);
	assert_int_equal(found->file_size, written.file_size);
	assert_int_equal(found->stored, written.stored);
	assert_int_equal(found->chunks, 6);
	assert_int_equal(found->zero_chunks, 2);
	assert_in_range(found->stored, 2 * WORLD_CHUNK, 2 * WORLD_CHUNK + 4096);
	memory_image_close(image);
	memory_image_close(NULL);
}

static off_t file_size(const struct world *world)
{
	struct stat stat;

	assert_int_equal(fstatat(world->dirfd, WORLD_NAME, &stat, 0), 0);
	assert_int_equal(stat.st_mode & ALLPERMS, 0600);
	return stat.st_size;
}

static void zeros_are_not_stored(void **state)
{
	struct world *world = *state;
	struct memory_image_header header;
	struct memory_image_summary summary;

	world_have(world, 1024 * WORLD_CHUNK, WORLD_ZERO);
	header = world_header(world, MEMORY_IMAGE_PLAIN);
	assert_int_equal(world_write(world, &header, 2, &summary), 0);
	assert_int_equal(summary.stored, 0);
	/* The header, and an index of 1024 entries with its footer. */
	assert_int_equal(file_size(world), 4096 + 7 * 4096);
	assert_int_equal(summary.file_size, file_size(world));

	/* One byte is enough not to be zero. */
	world->memory[5 * WORLD_CHUNK - 1] = 1;
	assert_int_equal(world_write(world, &header, 2, &summary), 0);
	assert_int_equal(summary.zero_chunks, 1023);
	world_check(world);
}

static void random_bytes_are_stored_as_they_are(void **state)
{
	struct world *world = *state;
	struct memory_image_header header;
	struct memory_image_summary summary;

	world_have(world, 8 * WORLD_CHUNK, WORLD_RANDOM);
	header = world_header(world, MEMORY_IMAGE_ZSTD);

	assert_int_equal(world_write(world, &header, 2, &summary), 0);

	assert_int_equal(summary.stored, 8 * WORLD_CHUNK);
	assert_int_equal(file_size(world), 4096 + 8 * WORLD_CHUNK + 4096);
}

static void image_takes_the_place_of_an_old_one(void **state)
{
	struct world *world = *state;

	world_have(world, 9 * WORLD_CHUNK, WORLD_RANDOM);
	round_trip(world, MEMORY_IMAGE_PLAIN, 2);
	world_have(world, 3 * WORLD_CHUNK, WORLD_DULL);
	round_trip(world, MEMORY_IMAGE_ZSTD, 2);
}

static void put_file(const struct world *world, const char *name)
{
	int fd autoclose =
		openat(world->dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "left", 4), 4);
}

static void what_a_killed_writer_left_is_in_nobodys_way(void **state)
{
	struct world *world = *state;

	world_have(world, 3 * WORLD_CHUNK, WORLD_RANDOM);
	put_file(world, WORLD_NAME ".part");
	round_trip(world, MEMORY_IMAGE_PLAIN, 2);

	put_file(world, WORLD_NAME ".part");
	assert_int_equal(memory_image_remove(world->dirfd, WORLD_PID, world->reason), 0);
	world_check_empty(world);
	assert_int_equal(memory_image_remove(world->dirfd, WORLD_PID, world->reason), 0);
}

static const struct {
	const char *field;
	struct memory_image_header header;
	int ret;
} senseless[] = {
	/* clang-format off */
	{ "pid", { .pid = 0, .chunk_size = 4096 }, -EINVAL },
	{ "pid", { .pid = -1, .chunk_size = 4096 }, -EINVAL },
	{ "chunk size", { .pid = 1, .chunk_size = 0 }, -EINVAL },
	{ "chunk size", { .pid = 1, .chunk_size = 4095 }, -EINVAL },
	{ "chunk size", { .pid = 1, .chunk_size = 4097 }, -EINVAL },
	{ "chunk size", { .pid = 1, .chunk_size = 16 * 1024 * 1024 + 4096 }, -EINVAL },
	{ "length", { .pid = 1, .chunk_size = 4096, .address = 2, .length = UINT64_MAX - 1 },
	  -EINVAL },
	{ "compression", { .pid = 1, .chunk_size = 4096, .compression = 2 }, -EINVAL },
	{ "driver", { .pid = 1, .chunk_size = 4096, .driver = "570\n" }, -EINVAL },
	{ "too many", { .pid = 1, .chunk_size = 4096,
			.length = 4096ull * MEMORY_IMAGE_CHUNKS_MAX + 1 }, -EFBIG },
	{ "too many", { .pid = 1, .chunk_size = 4096, .length = UINT64_MAX }, -EFBIG },
	/* clang-format on */
};

static void senseless_header_is_refused(void **state)
{
	struct world *world = *state;
	struct memory_image_summary summary;
	struct memory_image_header header;

	world_have(world, 0, WORLD_ZERO);
	for (size_t i = 0; i < ARRAY_SIZE(senseless); i++) {
		assert_int_equal(world_write(world, &senseless[i].header, 1, &summary),
				 senseless[i].ret);
		assert_non_null(strstr(world->reason, senseless[i].field));
		assert_int_equal(world->reads, 0);
	}

	header = world_header(world, MEMORY_IMAGE_PLAIN);
	memset(header.driver, 'd', sizeof(header.driver));
	assert_int_equal(world_write(world, &header, 1, &summary), -EINVAL);
	world_check_empty(world);
}

static void image_that_is_not_there_is_told_from_a_bad_one(void **state)
{
	struct world *world = *state;
	struct memory_image *image;

	assert_int_equal(
		memory_image_open(world->dirfd, WORLD_PID, &image, world->reason),
		-ENOENT);
	assert_non_null(strstr(world->reason, WORLD_NAME ": "));

	assert_int_equal(mkdirat(world->dirfd, WORLD_NAME, 0700), 0);
	assert_int_equal(
		memory_image_open(world->dirfd, WORLD_PID, &image, world->reason),
		-EBADMSG);
	assert_int_equal(unlinkat(world->dirfd, WORLD_NAME, AT_REMOVEDIR), 0);

	assert_int_equal(mkfifoat(world->dirfd, WORLD_NAME, 0600), 0);
	assert_int_equal(
		memory_image_open(world->dirfd, WORLD_PID, &image, world->reason),
		-EBADMSG);
}

static void image_of_another_pid_is_refused(void **state)
{
	struct world *world = *state;
	struct memory_image *image;

	world_have(world, 100, WORLD_RANDOM);
	round_trip(world, MEMORY_IMAGE_PLAIN, 1);
	assert_int_equal(
		renameat(world->dirfd, WORLD_NAME, world->dirfd, "cuda-memory-1.img"), 0);

	assert_int_equal(memory_image_open(world->dirfd, 1, &image, world->reason),
			 -EBADMSG);
	assert_non_null(strstr(world->reason, "pid 4711"));
	assert_int_equal(memory_image_remove(world->dirfd, 1, world->reason), 0);
}

#define test(f) \
	cmocka_unit_test_setup_teardown(f, memory_image_setup, memory_image_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			memory_of_any_length_and_content_comes_back,
			memory_image_setup_in_memory, memory_image_teardown),
		test(any_number_of_threads_makes_the_same),
		test(chunks_of_any_size_are_good),
		test(image_tells_what_it_is),
		test(zeros_are_not_stored),
		test(random_bytes_are_stored_as_they_are),
		test(image_takes_the_place_of_an_old_one),
		test(what_a_killed_writer_left_is_in_nobodys_way),
		test(senseless_header_is_refused),
		test(image_that_is_not_there_is_told_from_a_bad_one),
		test(image_of_another_pid_is_refused),
	};

	return cmocka_run_group_tests_name("memory_image", tests, NULL, NULL);
}
