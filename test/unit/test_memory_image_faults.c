/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each call of the system fails once.
 */
#include "memory_image.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "memory_image_world.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CHUNKS	      5u

/* ---- single failing system calls ---- */

enum fault_kind {
	FAULT_NONE,
	FAULT_COUNT,	   /* the n-th call fails, whichever it is */
	FAULT_SHORT,	   /* reads and writes do a part of it */
	FAULT_OPEN_DIRECT, /* the file system refuses O_DIRECT at once */
	FAULT_USE_DIRECT,  /* it does when it is used */
	FAULT_NOT_CACHED,  /* nothing that is written is in the page cache */
};

static struct {
	enum fault_kind kind;
	unsigned int fail_at;
	int error;
	atomic_uint calls;
	atomic_uint direct; /* reads and writes past the page cache */
} faults;

static bool fails(void)
{
	if (faults.kind != FAULT_COUNT ||
	    atomic_fetch_add(&faults.calls, 1) + 1 != faults.fail_at)
		return false;

	errno = faults.error;
	return true;
}

/* A read or write of *@size bytes: false if it is refused. */
static bool may_pass(int fd, size_t *size)
{
	bool direct = fcntl(fd, F_GETFL) & O_DIRECT;

	if (direct)
		atomic_fetch_add(&faults.direct, 1);
	if (direct && faults.kind == FAULT_USE_DIRECT) {
		errno = EINVAL;
		return false;
	}
	if (faults.kind == FAULT_SHORT)
		*size = direct ? (*size > 4096 ? 4096 : *size)
			       : (*size > 1001 ? 1001 : *size);

	return !fails();
}

ssize_t __real_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
	return may_pass(fd, &size) ? __real_pread(fd, buffer, size, offset) : -1;
}

ssize_t __real_pwrite(int fd, const void *buffer, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *buffer, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *buffer, size_t size, off_t offset)
{
	return may_pass(fd, &size) ? __real_pwrite(fd, buffer, size, offset) : -1;
}

int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	if (flags & O_DIRECT && faults.kind == FAULT_OPEN_DIRECT) {
		errno = EINVAL;
		return -1;
	}

	return fails() ? -1 : __real_openat(dirfd, path, flags, 0600);
}

int __real_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat)
{
	return fails() ? -1 : __real_fstat(fd, stat);
}

int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size)
{
	return fails() ? -1 : __real_ftruncate(fd, size);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return fails() ? -1 : __real_fsync(fd);
}

int __real_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to);
int __wrap_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to);
int __wrap_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
	return fails() ? -1 : __real_renameat(from_dirfd, from, to_dirfd, to);
}

int __real_mincore(void *address, size_t size, unsigned char *resident);
int __wrap_mincore(void *address, size_t size, unsigned char *resident);
int __wrap_mincore(void *address, size_t size, unsigned char *resident)
{
	int ret = fails() ? -1 : __real_mincore(address, size, resident);

	if (faults.kind == FAULT_NOT_CACHED)
		resident[0] = 0;
	return ret;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static void set_faults(enum fault_kind kind, unsigned int fail_at, int error)
{
	faults.fail_at = fail_at;
	faults.error = error;
	faults.calls = 0;
	faults.direct = 0;
	faults.kind = kind;
}

/* ---- failures on the way ---- */

static int write_mixed(struct world *world, unsigned int threads, bool *ret_direct)
{
	struct memory_image_header header = world_header(world, MEMORY_IMAGE_ZSTD);
	struct memory_image_summary summary = { .direct = false };
	int ret = world_write(world, &header, threads, &summary);

	*ret_direct = summary.direct;
	return ret;
}

/* Each call of a write fails once; some are done without. */
static void fail_each_write(struct world *world, unsigned int threads, int error)
{
	unsigned int failures = 0, calls;
	bool direct;

	for (unsigned int n = 1;; n++) {
		int ret;

		set_faults(FAULT_COUNT, n, error);
		ret = write_mixed(world, threads, &direct);
		calls = faults.calls;
		set_faults(FAULT_NONE, 0, 0);
		if (ret == 0) {
			world_check(world);
			assert_int_equal(memory_image_remove(world->dirfd, WORLD_PID,
							     world->reason),
					 0);
		} else {
			assert_true(ret == (error == ENOTSUP ? -EIO : -error) ||
				    ret == -ENOMEM);
			assert_int_equal(strncmp(world->reason, WORLD_NAME ": ", 22), 0);
			failures++;
		}
		world_check_empty(world);
		if (calls < n)
			break;
	}
	assert_in_range(failures, CHUNKS + 5, calls);
}

static void failure_of_any_call_leaves_nothing_behind(void **state)
{
	world_have(*state, CHUNKS * WORLD_CHUNK - 5, WORLD_MIXED);

	fail_each_write(*state, 1, EIO);
	fail_each_write(*state, 1, ENOSPC);
	fail_each_write(*state, 1, ENOTSUP);
	fail_each_write(*state, 3, EIO);
}

static void failure_leaves_the_old_image_as_it_was(void **state)
{
	struct world *world = *state;
	bool direct;
	int ret = -1;

	world_have(world, CHUNKS * WORLD_CHUNK - 5, WORLD_MIXED);
	assert_int_equal(write_mixed(world, 2, &direct), 0);

	/* Until the very last call. */
	for (unsigned int n = 1; ret < 0; n++) {
		set_faults(FAULT_COUNT, n, EIO);
		ret = write_mixed(world, 1, &direct);
		set_faults(FAULT_NONE, 0, 0);
		if (ret < 0 && world_count_files(world) > 0)
			world_check(world);
		else if (ret == 0)
			ret = faults.calls < n ? 0 : -1;
	}
}

/* Return: how many calls of opening and filling were failures when they failed. */
static unsigned int fail_each_read(struct world *world)
{
	unsigned int failures = 0, calls;

	for (unsigned int n = 1;; n++) {
		int ret;

		set_faults(FAULT_COUNT, n, EIO);
		ret = world_open_and_fill(world, 1);
		calls = faults.calls;
		set_faults(FAULT_NONE, 0, 0);
		assert_true(ret == 0 || ret == -EIO || ret == -ENOMEM || ret == -EBADMSG);
		failures += ret < 0;
		if (ret == 0)
			assert_memory_equal(world->filled, world->memory, world->length);
		if (calls < n)
			return failures;
	}
}

static void failure_of_any_call_is_seen_when_it_is_read(void **state)
{
	static const enum memory_image_compression how[] = { MEMORY_IMAGE_PLAIN,
							     MEMORY_IMAGE_ZSTD };
	struct world *world = *state;

	world_have(world, CHUNKS * WORLD_CHUNK - 5, WORLD_MIXED);
	for (size_t i = 0; i < ARRAY_SIZE(how); i++) {
		struct memory_image_header header = world_header(world, how[i]);
		struct memory_image_summary summary;

		assert_int_equal(world_write(world, &header, 1, &summary), 0);
		/* At least the four chunks that are stored, the header and the index. */
		assert_in_range(fail_each_read(world), 6, 100);
	}
}

static void interrupted_calls_are_made_again(void **state)
{
	struct world *world = *state;
	unsigned int calls;
	bool direct;

	world_have(world, CHUNKS * WORLD_CHUNK - 5, WORLD_MIXED);
	for (unsigned int n = 1;; n++) {
		int ret;

		set_faults(FAULT_COUNT, n, EINTR);
		ret = write_mixed(world, 1, &direct);
		calls = faults.calls;
		set_faults(FAULT_NONE, 0, 0);
		/* renameat() and memory are not interrupted. */
		assert_true(ret == 0 || ret == -ENOMEM || ret == -EINTR);
		if (ret == -EINTR)
			assert_non_null(strstr(world->reason, "renamed"));
		if (calls < n)
			break;
	}
	world_check(world);
}

static void short_reads_and_writes_are_completed(void **state)
{
	struct world *world = *state;
	bool direct;

	world_have(world, CHUNKS * WORLD_CHUNK - 5, WORLD_MIXED);
	set_faults(FAULT_SHORT, 0, 0);
	assert_int_equal(write_mixed(world, 2, &direct), 0);
	world_check(world);
	set_faults(FAULT_NONE, 0, 0);
	world_check(world);
}

static void file_system_without_direct_writes_will_do(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_OPEN_DIRECT, FAULT_USE_DIRECT };
	struct world *world = *state;
	bool direct;

	world_have(world, CHUNKS * WORLD_CHUNK - 5, WORLD_MIXED);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		set_faults(kinds[i], 0, 0);
		assert_int_equal(write_mixed(world, 2, &direct), 0);
		assert_false(direct);
		world_check(world);
		set_faults(FAULT_NONE, 0, 0);
		world_check(world);
	}
}

static void what_is_in_the_page_cache_is_not_read_from_the_disk(void **state)
{
	const struct memory_image_manner cached = { .threads = 2, .page_cache = true };
	struct world *world = *state;
	bool direct;

	world_have(world, CHUNKS * WORLD_CHUNK - 5, WORLD_RANDOM);
	assert_int_equal(write_mixed(world, 2, &direct), 0);
	if (!direct)
		skip();

	set_faults(FAULT_NOT_CACHED, 0, 0);
	world_check(world);
	assert_in_range(faults.direct, CHUNKS, 4 * CHUNKS);

	assert_int_equal(world_write_so(world, MEMORY_IMAGE_PLAIN, &cached, &direct), 0);
	assert_false(direct);
	set_faults(FAULT_NONE, 0, 0);
	world_check(world);
	/* Only the block by which it is tried out, each time that the file is opened. */
	assert_int_equal(faults.direct, 2);
}

#define test(f) \
	cmocka_unit_test_setup_teardown(f, memory_image_setup, memory_image_teardown)
#define test_in_memory(f)                                                \
	cmocka_unit_test_setup_teardown(f, memory_image_setup_in_memory, \
					memory_image_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_memory(failure_of_any_call_leaves_nothing_behind),
		test_in_memory(failure_leaves_the_old_image_as_it_was),
		test_in_memory(failure_of_any_call_is_seen_when_it_is_read),
		test_in_memory(interrupted_calls_are_made_again),
		test(short_reads_and_writes_are_completed),
		test_in_memory(short_reads_and_writes_are_completed),
		test(file_system_without_direct_writes_will_do),
		test(what_is_in_the_page_cache_is_not_read_from_the_disk),
	};

	return cmocka_run_group_tests_name("memory_image_faults", tests, NULL, NULL);
}
