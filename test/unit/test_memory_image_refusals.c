/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source or a target that fails, and file systems that refuse.
 */
#include "memory_image.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_image_world.h"

#define CHUNKS 5u

static int write_mixed(struct world *world, unsigned int threads)
{
	struct memory_image_header header = world_header(world, MEMORY_IMAGE_ZSTD);
	struct memory_image_summary summary;

	return world_write(world, &header, threads, &summary);
}

/* ---- callbacks ---- */

static void source_that_fails_at_any_chunk_is_heard(void **state)
{
	static const int errors[][2] = { { -EFAULT, -EFAULT },
					 { -ENOTSUP, -EIO },
					 { 1, -EIO } };
	struct world *world = *state;

	world_have(world, CHUNKS * WORLD_CHUNK - 5, WORLD_MIXED);
	for (unsigned int threads = 1; threads <= 4; threads++) {
		for (unsigned int n = 1; n <= CHUNKS; n++) {
			world->fail_read = n;
			world->error = errors[n % 3][0];
			assert_int_equal(write_mixed(world, threads), errors[n % 3][1]);
			assert_non_null(strstr(world->reason, "cannot be read"));
			world_check_empty(world);
			if (threads == 1)
				assert_int_equal(world->reads, n);
		}
	}
}

static void target_that_fails_at_any_chunk_is_heard(void **state)
{
	struct world *world = *state;

	world_have(world, CHUNKS * WORLD_CHUNK - 5, WORLD_MIXED);
	assert_int_equal(write_mixed(world, 2), 0);
	world->error = -ESRCH;
	for (unsigned int threads = 1; threads <= 4; threads++) {
		for (unsigned int n = 1; n <= CHUNKS; n++) {
			world->fail_write = n;
			assert_int_equal(world_open_and_fill(world, threads), -ESRCH);
			assert_non_null(strstr(world->reason, WORLD_NAME ": chunk "));
			if (threads == 1)
				assert_int_equal(world->writes, n);
		}
	}
}

/* ---- real file systems that refuse ---- */

/* A file system of a megabyte over the directory, in a mount namespace of our own. */
static int mount_small(const struct world *world)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", world->path, "tmpfs", 0, "size=1m") < 0)
		return -1;

	return open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void full_file_system_is_told_and_left_empty(void **state)
{
	struct world *world = *state;
	int dirfd = world->dirfd;

	world->dirfd = mount_small(world);
	if (world->dirfd < 0) {
		world->dirfd = dirfd;
		skip();
	}

	world_have(world, 40 * WORLD_CHUNK, WORLD_RANDOM);
	for (unsigned int threads = 1; threads <= 8; threads++) {
		assert_int_equal(write_mixed(world, threads), -ENOSPC);
		world_check_empty(world);
	}
	world_have(world, 200 * WORLD_CHUNK, WORLD_DULL);
	assert_int_equal(write_mixed(world, 4), 0);
	world_check(world);
	assert_int_equal(memory_image_remove(world->dirfd, WORLD_PID, world->reason), 0);

	assert_int_equal(
		mount("none", world->path, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=1m"),
		0);
	assert_int_equal(write_mixed(world, 1), -EROFS);
	close(world->dirfd);
	world->dirfd = dirfd;
	assert_int_equal(umount2(world->path, MNT_DETACH), 0);
}

#define test(f) \
	cmocka_unit_test_setup_teardown(f, memory_image_setup, memory_image_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(source_that_fails_at_any_chunk_is_heard),
		test(target_that_fails_at_any_chunk_is_heard),
		test(full_file_system_is_told_and_left_empty),
	};

	return cmocka_run_group_tests_name("memory_image_refusals", tests, NULL, NULL);
}
