/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What writing and filling takes, to and from memory: told, and no claim.
 *
 *   SPEED_MB=512    megabytes of memory
 *   SPEED_DIR=DIR   where the image goes, /dev/shm if not given
 */
#include "memory_image.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_image_world.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MB	      (1024 * 1024)

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static size_t length(void)
{
	const char *megabytes = getenv("SPEED_MB");

	return (megabytes ? strtoul(megabytes, NULL, 10) : 512) * MB;
}

static int fill(struct world *world, unsigned int threads)
{
	const struct memory_image_target target = world_target(world);
	struct memory_image *image;
	int ret;

	ret = memory_image_open(world->dirfd, WORLD_PID, &image, world->reason);
	if (ret < 0)
		return ret;

	ret = memory_image_fill(image, &target, threads, world->reason);
	memory_image_close(image);
	return ret;
}

static void measure(struct world *world, const char *what,
		    enum memory_image_compression compression, unsigned int threads)
{
	struct memory_image_header header = world_header(world, compression);
	struct memory_image_summary summary;
	double megabytes = (double)world->length / MB;
	double begin, written, filled;

	/* An old image would stay there until the new one is complete. */
	assert_int_equal(memory_image_remove(world->dirfd, WORLD_PID, world->reason), 0);
	header.chunk_size = MEMORY_IMAGE_CHUNK;
	begin = now();
	assert_int_equal(world_write(world, &header, threads, &summary), 0);
	written = now() - begin;

	memset(world->filled, 0xa5, world->length);
	begin = now();
	assert_int_equal(fill(world, threads), 0);
	filled = now() - begin;
	assert_memory_equal(world->filled, world->memory, world->length);

	print_message("# %-6s %-5s %u threads: write %5.0f MB/s, fill %5.0f MB/s, "
		      "file %5.1f %%%s\n",
		      what, compression == MEMORY_IMAGE_ZSTD ? "zstd" : "plain", threads,
		      megabytes / written, megabytes / filled,
		      100 * (double)summary.file_size / (double)world->length,
		      summary.direct ? ", O_DIRECT" : "");
}

static void speed_is_told(void **state)
{
	static const struct {
		const char *what;
		enum world_content content;
	} contents[] = { { "random", WORLD_RANDOM },
			 { "half", WORLD_RANDOM },
			 { "dull", WORLD_DULL } };
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(contents); i++) {
		world_have(world, length(), contents[i].content);
		for (size_t at = 0; i == 1 && at + MEMORY_IMAGE_CHUNK <= world->length;
		     at += 2 * MEMORY_IMAGE_CHUNK)
			memset(world->memory + at, 0, MEMORY_IMAGE_CHUNK);
		for (unsigned int threads = 1; threads <= 2; threads++) {
			measure(world, contents[i].what, MEMORY_IMAGE_PLAIN, threads);
			measure(world, contents[i].what, MEMORY_IMAGE_ZSTD, threads);
		}
	}
}

static int setup(void **ret_state)
{
	const char *parent = getenv("SPEED_DIR");

	return parent ? memory_image_setup_below(parent, ret_state)
		      : memory_image_setup_in_memory(ret_state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(speed_is_told, setup,
						memory_image_teardown),
	};

	return cmocka_run_group_tests_name("memory_image_speed", tests, NULL, NULL);
}
