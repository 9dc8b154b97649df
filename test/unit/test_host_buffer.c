/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A buffer in the test's own memory, written out, dropped, and filled again.
 */
#include "host_buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"
#include "memory_image.h"

#define MIB  ((size_t)1 << 20)
#define SIZE (66 * MIB + 4096)

static struct {
	char path[64], name[MEMORY_IMAGE_NAME_SIZE];
	struct host_buffer_images images;
	struct host_buffer buffer;
	uint8_t *memory, *copy;
	struct memory_image *image; /* the last that was written or found, or NULL */
} world;

static int set_up(void **state)
{
	(void)state;
	fake_log_reset();
	snprintf(world.path, sizeof(world.path), "/tmp/test_host_buffer.XXXXXX");
	assert_non_null(mkdtemp(world.path));
	world.images = (struct host_buffer_images){
		.dirfd = open(world.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.threads = 3,
	};
	assert_true(world.images.dirfd >= 0);
	memory_image_name(getpid(), world.name);
	world.memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	world.copy = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	assert_true(world.memory != MAP_FAILED && world.copy != MAP_FAILED);
	world.buffer =
		(struct host_buffer){ .address = (uintptr_t)world.memory, .bytes = SIZE };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	memory_image_close(world.image);
	world.image = NULL;
	munmap(world.memory, SIZE);
	munmap(world.copy, SIZE);
	unlinkat(world.images.dirfd, world.name, 0);
	close(world.images.dirfd);
	return rmdir(world.path);
}

/* All of it random, but for every other 8 MiB if @has_zeros; the first is zeros. */
static void fill_memory(bool has_zeros)
{
	uint64_t word = 88172645463325252u;

	for (size_t at = 0; at < SIZE; at += sizeof(word)) {
		word ^= word << 13;
		word ^= word >> 7;
		word ^= word << 17;
		if (!has_zeros || at / (8 * MIB) % 2)
			memcpy(world.memory + at, &word, sizeof(word));
	}
	memcpy(world.copy, world.memory, SIZE);
}

static void check_is_back(void)
{
	assert_true(memcmp(world.memory, world.copy, SIZE) == 0);
}

static int write_buffer(struct host_buffer *buffer)
{
	memory_image_close(world.image);
	world.image = NULL;
	return host_buffer_write(getpid(), &world.images, buffer, &world.image);
}

static void write_out(void)
{
	assert_int_equal(write_buffer(&world.buffer), 0);
	check_is_back();
}

static void drop(void)
{
	assert_int_equal(madvise(world.memory, SIZE, MADV_DONTNEED), 0);
	assert_int_equal(host_buffer_mark(getpid(), &world.buffer), 0);
}

static int find(struct host_buffer *buffer)
{
	memory_image_close(world.image);
	world.image = NULL;
	return host_buffer_find(getpid(), &world.images, buffer, &world.image);
}

static int put_back(void)
{
	return host_buffer_fill(getpid(), world.image, world.images.threads,
				&world.buffer);
}

/* As one that does not have it open, or has it as @fd. */
static int open_image(int fd)
{
	memory_image_close(world.image);
	world.image = NULL;
	return host_buffer_image_open(getpid(), &world.images, fd, &world.buffer,
				      &world.image);
}

static void check_logged(const char *text)
{
	if (!fake_log_has(text))
		fail_msg("\"%s\" is not in: %s", text, fake_log.text);
}

static void check_no_image(void)
{
	assert_int_equal(faccessat(world.images.dirfd, world.name, F_OK, 0), -1);
	assert_int_equal(errno, ENOENT);
}

/* --- there and back ------------------------------------------------------------------
 */

static void goes_there_and_back(void)
{
	struct host_buffer found = { .bytes = 1 };

	write_out();
	drop();
	assert_true(memcmp(world.memory, world.copy, SIZE) != 0);

	assert_int_equal(find(&found), 0);
	assert_int_equal(found.address, world.buffer.address);
	assert_int_equal(found.bytes, SIZE);
	assert_int_equal(found.image_pid, getpid());
	assert_memory_equal(found.id, world.buffer.id, sizeof(found.id));
	world.buffer = found;
	assert_int_equal(put_back(), 0);
	check_is_back();
	assert_int_equal(fake_log_errors(), 0);

	/* What is back is asked for no more. */
	assert_int_equal(find(&found), 0);
	assert_int_equal(found.bytes, 0);
	assert_null(world.image);
}

static void memory_that_was_dropped_comes_back(void **state)
{
	(void)state;
	fill_memory(false);
	goes_there_and_back();
}

static void memory_with_zeros_where_the_marker_was_comes_back(void **state)
{
	const uint64_t half = SIZE / 2;

	(void)state;
	fill_memory(true);
	memset(world.memory + half - 8 * MIB, 0, 16 * MIB);
	memcpy(world.copy, world.memory, SIZE);
	goes_there_and_back();
}

static void compressed_memory_comes_back_through_the_page_cache(void **state)
{
	(void)state;
	world.images.compress = true;
	world.images.page_cache = true;
	fill_memory(true);
	goes_there_and_back();
}

static void filling_what_was_not_dropped_changes_nothing(void **state)
{
	(void)state;
	fill_memory(true);
	write_out();

	assert_int_equal(put_back(), 0);
	check_is_back();
}

static void two_images_of_one_memory_have_two_names(void **state)
{
	struct host_buffer first;

	(void)state;
	write_out();
	first = world.buffer;
	write_out();

	assert_memory_not_equal(first.id, world.buffer.id, sizeof(first.id));
}

static bool pagemap_fails;

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	if (!pagemap_fails)
		return __real_ioctl(fd, request, argument);

	errno = EIO;
	return -1;
}

/* --- what is not there, or another's --------------------------------------------------
 */

static void memory_without_a_marker_is_no_buffer_whatever_lies_about(void **state)
{
	struct host_buffer found = { .bytes = 1 };

	(void)state;
	fill_memory(false);
	write_out();

	assert_int_equal(find(&found), 0);
	assert_int_equal(found.bytes, 0);
}

static void image_that_is_missing_is_an_error(void **state)
{
	struct host_buffer found = { .bytes = 1 };

	(void)state;
	fill_memory(true);
	write_out();
	drop();
	host_buffer_image_discard(getpid(), &world.images, &world.buffer);
	check_no_image();

	assert_int_equal(find(&found), -ENOENT);
	assert_int_equal(found.bytes, 1);
	check_logged(world.name);
	check_logged("belongs to the image directory");
	assert_int_equal(open_image(-1), -ENOENT);
}

/* By who wrote it, and by who was handed what is open. */
static void image_that_has_no_name_any_more_serves(void **state)
{
	int null autoclose = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int fd autoclose = -1;

	(void)state;
	fill_memory(false);
	write_out();
	drop();
	fd = dup(memory_image_fd(world.image));
	assert_true(fd >= 0);
	assert_int_equal(unlinkat(world.images.dirfd, world.name, 0), 0);

	assert_int_equal(put_back(), 0);
	check_is_back();

	drop();
	assert_int_equal(open_image(fd), 0);
	assert_int_equal(put_back(), 0);
	check_is_back();
	drop();
	assert_int_equal(open_image(-1), -ENOENT);
	assert_int_equal(open_image(null), -EBADMSG);
}

static void image_of_another_dump_is_an_error(void **state)
{
	struct host_buffer found, second;

	(void)state;
	fill_memory(true);
	write_out();
	second = world.buffer;
	assert_int_equal(write_buffer(&second), 0);
	drop();

	assert_int_equal(find(&found), -EBADMSG);
	check_logged("another dump");
	assert_int_equal(open_image(-1), -EBADMSG);
}

static void image_of_another_dump_is_not_removed(void **state)
{
	struct host_buffer second = world.buffer;

	(void)state;
	write_out();
	assert_int_equal(write_buffer(&second), 0);

	host_buffer_image_discard(getpid(), &world.images, &world.buffer);
	assert_int_equal(faccessat(world.images.dirfd, world.name, F_OK, 0), 0);
	host_buffer_image_discard(getpid(), &world.images, &second);
	check_no_image();
}

/* However its page comes back: nothing else in there is to be seen yet. */
static void memory_is_found_where_its_image_says(void **state)
{
	struct host_buffer found = { .bytes = 0 };

	(void)state;
	fill_memory(true);
	write_out();
	drop();
	pagemap_fails = true;
	assert_int_equal(find(&found), 0);
	pagemap_fails = false;

	assert_int_equal(found.bytes, SIZE);
}

static void image_without_a_directory_is_an_error(void **state)
{
	struct host_buffer found;

	(void)state;
	write_out();
	drop();
	close(world.images.dirfd);
	world.images.dirfd = -1;

	assert_int_equal(find(&found), -EBADF);
	check_logged(world.name);
	world.images.dirfd = open(world.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void damaged_chunk_is_never_put_back_as_if_it_were_good(void **state)
{
	int fd autoclose = -1;
	uint8_t byte;

	(void)state;
	fill_memory(false);
	write_out();
	drop();
	fd = openat(world.images.dirfd, world.name, O_RDWR | O_CLOEXEC);
	assert_int_equal(pread(fd, &byte, 1, (off_t)(20 * MIB)), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)(20 * MIB)), 1);

	assert_int_equal(put_back(), -EBADMSG);
	check_logged("chunk");
}

static void memory_that_is_not_mapped_is_an_error(void **state)
{
	(void)state;
	write_out();
	assert_int_equal(munmap(world.memory + 10 * MIB, 4096), 0);

	assert_int_equal(put_back(), -EFAULT);
	check_logged("no memory for its GPU memory");
	fake_log_reset();
	assert_int_equal(write_buffer(&world.buffer), -EFAULT);
	assert_int_equal(fake_log_errors(), 1);
}

/* --- calls that fail ------------------------------------------------------------------
 */

static bool write_fails, random_fails;

ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
	if (!write_fails || offset < (off_t)(8 * MIB))
		return __real_pwrite(fd, bytes, size, offset);

	errno = ENOSPC;
	return -1;
}

ssize_t __real_getrandom(void *buffer, size_t size, unsigned int flags);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags)
{
	return random_fails ? -1 : __real_getrandom(buffer, size, flags);
}

static void what_cannot_be_written_leaves_no_image_and_the_memory_as_it_was(void **state)
{
	(void)state;
	fill_memory(false);
	write_fails = true;
	assert_int_equal(write_buffer(&world.buffer), -ENOSPC);
	write_fails = false;

	check_is_back();
	check_no_image();
	check_logged("No space left");
	assert_int_equal(fake_log_errors(), 1);
}

static void without_a_name_nothing_is_written(void **state)
{
	(void)state;
	random_fails = true;
	assert_int_equal(write_buffer(&world.buffer), -EIO);
	random_fails = false;

	check_no_image();
	assert_int_equal(fake_log_errors(), 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(memory_that_was_dropped_comes_back),
		CASE(memory_with_zeros_where_the_marker_was_comes_back),
		CASE(compressed_memory_comes_back_through_the_page_cache),
		CASE(filling_what_was_not_dropped_changes_nothing),
		CASE(two_images_of_one_memory_have_two_names),
		CASE(memory_without_a_marker_is_no_buffer_whatever_lies_about),
		CASE(image_that_is_missing_is_an_error),
		CASE(image_that_has_no_name_any_more_serves),
		CASE(image_of_another_dump_is_an_error),
		CASE(image_of_another_dump_is_not_removed),
		CASE(memory_is_found_where_its_image_says),
		CASE(image_without_a_directory_is_an_error),
		CASE(damaged_chunk_is_never_put_back_as_if_it_were_good),
		CASE(memory_that_is_not_mapped_is_an_error),
		CASE(what_cannot_be_written_leaves_no_image_and_the_memory_as_it_was),
		CASE(without_a_name_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
