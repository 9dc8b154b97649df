/* SPDX-License-Identifier: GPL-2.0-only */
#include "image_set.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* A directory, for a test. */
static char path[64];

/* --- what fails ------------------------------------------------------------------- */

/* The calls that fail, with an errno; 0: none does. */
static struct {
	int readdir, fstatat, fcntl;
	bool memory;
} fails;

struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir)
{
	if (!fails.readdir)
		return __real_readdir(dir);

	errno = fails.readdir;
	return NULL;
}

int __real_fstatat(int dirfd, const char *name, struct stat *ret_stat, int flags);
int __wrap_fstatat(int dirfd, const char *name, struct stat *ret_stat, int flags);
int __wrap_fstatat(int dirfd, const char *name, struct stat *ret_stat, int flags)
{
	if (!fails.fstatat)
		return __real_fstatat(dirfd, name, ret_stat, flags);

	errno = fails.fstatat;
	return -1;
}

int __real_fcntl(int fd, int command, int argument);
int __wrap_fcntl(int fd, int command, int argument);
int __wrap_fcntl(int fd, int command, int argument)
{
	if (!fails.fcntl)
		return __real_fcntl(fd, command, argument);

	errno = fails.fcntl;
	return -1;
}

void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fails.memory ? NULL : __real_reallocarray(old, count, size);
}

static int set_up(void **state)
{
	(void)state;
	memset(&fails, 0, sizeof(fails));
	snprintf(path, sizeof(path), "/tmp/test_image_set.XXXXXX");
	return mkdtemp(path) ? 0 : -1;
}

static int tear_down(void **state)
{
	DIR *dir autoclosedir = NULL;
	const struct dirent *entry;

	(void)state;
	memset(&fails, 0, sizeof(fails));
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);

	return rmdir(path);
}

/* A file of @size bytes. */
static void have(const char *name, off_t size)
{
	char file[128];
	int fd autoclose = -1;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
}

/* --- tests ------------------------------------------------------------------------ */

static void images_are_found_by_ascending_pid(void **state)
{
	static const pid_t images[] = { 2, 10, 100, 2147483647 }, parts[] = { 7, 70 };
	struct image_set set = IMAGE_SET_NONE;

	(void)state;
	have("cuda-memory-100.img", 0);
	have("cuda-memory-70.img.part", 0);
	have("cuda-memory-2147483647.img", 0);
	have("cuda-memory-7.img.part", 0);
	have("cuda-memory-2.img", 0);
	have("cuda-memory-10.img", 0);

	assert_int_equal(image_set_find(path, &set), 0);

	assert_true(set.dirfd >= 0);
	assert_int_equal(set.images.count, ARRAY_SIZE(images));
	assert_memory_equal(set.images.at, images, sizeof(images));
	assert_int_equal(set.parts.count, ARRAY_SIZE(parts));
	assert_memory_equal(set.parts.at, parts, sizeof(parts));
	image_set_release(&set);
	image_set_release(&set);
	assert_int_equal(set.dirfd, -1);
}

static void names_that_only_look_like_it_are_passed_over(void **state)
{
	static const char *const names[] = {
		"cuda-memory-x.img",
		"cuda-memory-007.img",
		"cuda-memory-0.img",
		"cuda-memory--1.img",
		"cuda-memory-+1.img",
		"cuda-memory-.img",
		"cuda-memory-1.imgs",
		"cuda-memory-1.im",
		"cuda-memory-1",
		"cuda-memory-1.img.",
		"cuda-memory-1.img.part2",
		"cuda-memory-1.img.part.part",
		"cuda-memory- 1.img",
		"cuda-memory-1 .img",
		"cuda-memory-2147483648.img",
		"cuda-memory-4294967297.img",
		"xcuda-memory-1.img",
		"Cuda-memory-1.img",
		"1",
		"1cuda-memory-1.img",
		"cuda-memory-99999999999999999999.img",
		"pages-1.imgs",
		"xpages-1.img",
	};
	struct image_set set = IMAGE_SET_NONE;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		have(names[i], 10);

	assert_int_equal(image_set_find(path, &set), 0);

	assert_int_equal(set.images.count, 0);
	assert_int_equal(set.parts.count, 0);
	assert_int_equal(set.pages_files, 0);
	assert_int_equal(set.pages_bytes, 0);
	image_set_release(&set);
}

static void pages_of_criu_are_added_up(void **state)
{
	struct image_set set = IMAGE_SET_NONE;
	char name[128];

	(void)state;
	have("pages-1.img", 5000);
	have("pages-27.img", (off_t)1 << 40);
	snprintf(name, sizeof(name), "%s/pages-3.img", path);
	assert_int_equal(symlink("nothing", name), 0);
	snprintf(name, sizeof(name), "%s/pages-4.img", path);
	assert_int_equal(mkfifo(name, 0600), 0);

	assert_int_equal(image_set_find(path, &set), 0);

	assert_int_equal(set.pages_files, 2);
	assert_int_equal(set.pages_bytes, ((uint64_t)1 << 40) + 5000);
	image_set_release(&set);
}

static void find_fails(const char *what, int error)
{
	struct image_set untouched = { .dirfd = 4711 };

	assert_int_equal(image_set_find(what, &untouched), error);
	assert_int_equal(untouched.dirfd, 4711);
}

static void directory_that_cannot_be_read_is_an_error(void **state)
{
	char name[128];

	(void)state;
	have("file", 0);
	snprintf(name, sizeof(name), "%s/file", path);
	find_fails(name, -ENOTDIR);
	snprintf(name, sizeof(name), "%s/nothing", path);
	find_fails(name, -ENOENT);
	find_fails("", -ENOENT);
}

/* The lowest descriptor that is free. */
static int next_fd(void)
{
	int fd autoclose = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd;
}

static void every_failure_is_an_error_and_leaves_nothing_open(void **state)
{
	const int before = next_fd();

	(void)state;
	have("cuda-memory-1.img", 0);
	have("pages-1.img", 10);

	fails.readdir = EIO;
	find_fails(path, -EIO);
	fails.readdir = 0;
	fails.fcntl = EMFILE;
	find_fails(path, -EMFILE);
	fails.fcntl = 0;
	fails.fstatat = EACCES;
	find_fails(path, -EACCES);
	fails.fstatat = 0;
	fails.memory = true;
	find_fails(path, -ENOMEM);

	assert_int_equal(next_fd(), before);
}

#define test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(images_are_found_by_ascending_pid),
		test(names_that_only_look_like_it_are_passed_over),
		test(pages_of_criu_are_added_up),
		test(directory_that_cannot_be_read_is_an_error),
		test(every_failure_is_an_error_and_leaves_nothing_open),
	};

	return cmocka_run_group_tests_name("image_set", tests, NULL, NULL);
}
