/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Buffers in the test's own memory, where they have to be found.
 */
#include "buffer_marker.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "memory_map.h"

#define MIB		   ((size_t)1 << 20)
#define ROOM		   (256 * MIB)
#define MADV_GUARD_INSTALL 102 /* since Linux 6.13 */

#define FIRST (16 * MIB) /* where the buffer begins in it */

static char *room;
static const struct buffer_marker none = { .address = 77 };

static int map_room(void **state)
{
	(void)state;
	room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(room != MAP_FAILED);
	return 0;
}

static int unmap_room(void **state)
{
	(void)state;
	return munmap(room, ROOM);
}

static struct buffer_marker marker_of(size_t at, size_t bytes)
{
	struct buffer_marker marker = { .address = (uintptr_t)room + at, .bytes = bytes };

	memcpy(marker.id, "0123456789abcdef", sizeof(marker.id));
	return marker;
}

static void put(const struct buffer_marker *marker)
{
	assert_int_equal(buffer_marker_put(getpid(), marker), 0);
}

static void check_found(const struct buffer_marker *marker)
{
	struct buffer_marker found = none;

	assert_int_equal(buffer_marker_find(getpid(), &found), 0);
	assert_int_equal(found.address, marker->address);
	assert_int_equal(found.bytes, marker->bytes);
	assert_memory_equal(found.id, marker->id, sizeof(found.id));
}

static void check_none(void)
{
	struct buffer_marker found = none;

	assert_int_equal(buffer_marker_find(getpid(), &found), -ENOENT);
	assert_memory_equal(&found, &none, sizeof(found));
}

static void marker_is_found_in_the_smallest_buffer_and_in_a_large_one(void **state)
{
	static const size_t sizes[] = { 64 * MIB, 64 * MIB + 4096, 100 * MIB - 4096,
					200 * MIB };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct buffer_marker marker = marker_of(FIRST + 4096, sizes[i]);

		put(&marker);
		check_found(&marker);
		assert_int_equal(madvise(room, ROOM, MADV_DONTNEED), 0);
		check_none();
	}
}

static void marker_is_found_among_memory_that_is_in_use(void **state)
{
	const struct buffer_marker marker = marker_of(FIRST, 64 * MIB);

	(void)state;
	/* What the kernel shows as one mapping with the buffer. */
	memset(room, 1, FIRST);
	memset(room + FIRST + 64 * MIB, 1, 32 * MIB);
	put(&marker);

	check_found(&marker);
}

static void marker_is_found_behind_pages_that_could_be_one(void **state)
{
	const struct buffer_marker marker = marker_of(128 * MIB, 100 * MIB);

	(void)state;
	room[40 * MIB] = 1;
	room[100 * MIB] = 1;
	put(&marker);

	check_found(&marker);
}

/* As when a huge page has come in place of a small one somewhere before it. */
static void marker_is_found_behind_memory_that_is_there(void **state)
{
	const struct buffer_marker marker = marker_of(FIRST, 64 * MIB);
	const uint64_t place = buffer_marker_place(marker.address, marker.bytes);

	(void)state;
	memset((char *)(uintptr_t)place - MIB, 0, MIB);
	put(&marker);

	check_found(&marker);
}

static void marker_is_read_where_its_buffer_is(void **state)
{
	const struct buffer_marker marker = marker_of(FIRST, 64 * MIB);
	struct buffer_marker found = none;

	(void)state;
	assert_int_equal(
		buffer_marker_read(getpid(), marker.address, marker.bytes, &found),
		-ENOENT);
	put(&marker);
	assert_int_equal(
		buffer_marker_read(getpid(), marker.address, marker.bytes - 4096, &found),
		-ENOENT);
	assert_int_equal(buffer_marker_read(getpid(), 1, 64 * MIB, &found), -ENOENT);
	assert_memory_equal(&found, &none, sizeof(found));

	assert_int_equal(
		buffer_marker_read(getpid(), marker.address, marker.bytes, &found), 0);
	assert_memory_equal(&found, &marker, sizeof(found));
}

static void what_is_overwritten_is_no_marker(void **state)
{
	const struct buffer_marker marker = marker_of(FIRST, 64 * MIB);
	const uint64_t place = buffer_marker_place(marker.address, marker.bytes);

	(void)state;
	put(&marker);
	memset((void *)(uintptr_t)place, 0, BUFFER_MARKER_SIZE);

	check_none();
}

/* A page of the program's that has the bytes of a marker, by a copy say. */
static void marker_that_is_not_in_its_place_is_none(void **state)
{
	const struct buffer_marker marker = marker_of(FIRST, 64 * MIB);
	const uint64_t place = buffer_marker_place(marker.address, marker.bytes);

	(void)state;
	put(&marker);
	memcpy(room + 128 * MIB, (void *)(uintptr_t)place, BUFFER_MARKER_SIZE);
	memset((void *)(uintptr_t)place, 0, BUFFER_MARKER_SIZE);

	check_none();
}

static void marker_of_a_buffer_that_is_not_there_is_none(void **state)
{
	struct buffer_marker marker = marker_of(FIRST, 64 * MIB);

	(void)state;
	/* It is in its place, and all but its own half is something else by now. */
	put(&marker);
	assert_int_equal(mprotect(room + FIRST, MIB, PROT_READ), 0);
	check_none();

	marker.bytes = UINT64_MAX - marker.address;
	assert_int_equal(buffer_marker_put(getpid(), &marker), -EFAULT);
}

/* Such as the C library may put below the stack of a thread. */
static void page_that_nobody_can_read_is_none(void **state)
{
	const struct buffer_marker marker = marker_of(FIRST, 64 * MIB);

	(void)state;
	for (size_t at = 0; at < FIRST; at += 4096)
		if (madvise(room + at, 4096, MADV_GUARD_INSTALL) < 0)
			skip();
	check_none();
	put(&marker);
	check_found(&marker);
}

static void process_that_has_ended_is_esrch(void **state)
{
	const struct buffer_marker marker = marker_of(0, 64 * MIB);
	struct buffer_marker found = none;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	assert_int_equal(buffer_marker_put(pid, &marker), -ESRCH);
	assert_int_equal(buffer_marker_find(pid, &found), -ESRCH);
	assert_memory_equal(&found, &none, sizeof(found));
}

/* --- calls that fail, or are not there -----------------------------------------------
 */

static int scan_error, entry_error; /* 0: none */

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	if (!scan_error)
		return __real_ioctl(fd, request, argument);

	errno = scan_error;
	return -1;
}

ssize_t __real_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
	if (!entry_error)
		return __real_pread(fd, buffer, size, offset);

	errno = entry_error;
	return -1;
}

static int map_room_of_an_older_kernel(void **state)
{
	scan_error = ENOTTY;
	return map_room(state);
}

static int unmap_room_of_an_older_kernel(void **state)
{
	scan_error = 0;
	return unmap_room(state);
}

static void what_cannot_be_seen_is_an_error_and_not_nothing(void **state)
{
	struct buffer_marker found = none;

	(void)state;
	scan_error = EIO;
	assert_int_equal(buffer_marker_find(getpid(), &found), -EIO);
	scan_error = ENOTTY;
	entry_error = EIO;
	assert_int_equal(buffer_marker_find(getpid(), &found), -EIO);
	scan_error = entry_error = 0;
	assert_memory_equal(&found, &none, sizeof(found));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, map_room, unmap_room)
#define OLDER(test)                                                        \
	{                                                                  \
		"older kernel: " #test, test, map_room_of_an_older_kernel, \
			unmap_room_of_an_older_kernel, NULL                \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(marker_is_found_in_the_smallest_buffer_and_in_a_large_one),
		CASE(marker_is_found_among_memory_that_is_in_use),
		CASE(marker_is_found_behind_pages_that_could_be_one),
		CASE(marker_is_found_behind_memory_that_is_there),
		CASE(marker_is_read_where_its_buffer_is),
		CASE(what_is_overwritten_is_no_marker),
		CASE(marker_that_is_not_in_its_place_is_none),
		CASE(marker_of_a_buffer_that_is_not_there_is_none),
		CASE(page_that_nobody_can_read_is_none),
		OLDER(page_that_nobody_can_read_is_none),
		CASE(process_that_has_ended_is_esrch),
		OLDER(marker_is_found_in_the_smallest_buffer_and_in_a_large_one),
		OLDER(marker_is_found_among_memory_that_is_in_use),
		OLDER(marker_is_found_behind_pages_that_could_be_one),
		OLDER(marker_is_found_behind_memory_that_is_there),
		OLDER(marker_that_is_not_in_its_place_is_none),
		OLDER(marker_of_a_buffer_that_is_not_there_is_none),
		CASE(what_cannot_be_seen_is_an_error_and_not_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
