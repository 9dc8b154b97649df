/* SPDX-License-Identifier: GPL-2.0-only */
#include "inventory.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "images.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED     ((enum inventory_need)77)

/* ---- single failing system calls ---- */

enum fault_kind {
	FAULT_NONE,
	FAULT_COUNT,
	FAULT_SHORT,
	FAULT_END,
	FAULT_CORRUPT
};

static struct {
	enum fault_kind kind;
	int fail_at; /* the n-th call fails, or is the byte that is corrupted */
	int error;
	int calls;
	bool renamed;
} faults;

static bool fails(void)
{
	if (faults.kind != FAULT_COUNT || ++faults.calls != faults.fail_at)
		return false;

	errno = faults.error;
	return true;
}

int __real_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat)
{
	return fails() ? -1 : __real_fstat(fd, stat);
}

ssize_t __real_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
	if (fails())
		return -1;
	if (faults.kind == FAULT_END)
		return 0;
	if (faults.kind == FAULT_SHORT && size > 1)
		size = 1;

	return __real_pread(fd, buffer, size, offset);
}

ssize_t __real_write(int fd, const void *buffer, size_t size);
ssize_t __wrap_write(int fd, const void *buffer, size_t size);
ssize_t __wrap_write(int fd, const void *buffer, size_t size)
{
	if (fails())
		return -1;
	if (faults.kind == FAULT_SHORT && size > 1)
		size = 1;
	if (faults.kind == FAULT_CORRUPT) {
		uint8_t corrupt[IMAGES_FILE_MAX];

		memcpy(corrupt, buffer, size);
		corrupt[faults.fail_at] ^= 1;
		return __real_write(fd, corrupt, size);
	}

	return __real_write(fd, buffer, size);
}

int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);

	return fails() ? -1 : __real_openat(dirfd, path, flags, mode);
}

int __real_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_fchown(int fd, uid_t uid, gid_t gid);
int __wrap_fchown(int fd, uid_t uid, gid_t gid)
{
	return fails() ? -1 : __real_fchown(fd, uid, gid);
}

int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode)
{
	return fails() ? -1 : __real_fchmod(fd, mode);
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
	if (fails())
		return -1;

	faults.renamed = true;
	return __real_renameat(from_dirfd, from, to_dirfd, to);
}

/* inventory_add_plugin() while the faults are on; they are off before and after. */
static int add_with_faults(int dirfd, enum fault_kind kind, int fail_at, int error)
{
	int ret;

	memset(&faults, 0, sizeof(faults));
	faults.kind = kind;
	faults.fail_at = fail_at;
	faults.error = error;
	ret = inventory_add_plugin(dirfd, IMAGES_PLUGIN);
	faults.kind = FAULT_NONE;

	return ret;
}

/* ---- failures on the way ---- */

/* Return: the number of calls that adding makes. */
static int fail_at_every_call(int dirfd, int error, int seen)
{
	struct images_file image, expected;

	images_build(&image, 1, (const char *const[]){ "other" });
	images_amend(&expected, &image);

	for (int n = 1;; n++) {
		int ret;

		images_put(dirfd, &image);
		ret = add_with_faults(dirfd, FAULT_COUNT, n, error);
		images_check_alone(dirfd);
		images_check(dirfd, faults.renamed ? &expected : &image);
		if (faults.calls < n) {
			assert_int_equal(ret, 0);
			return faults.calls;
		}

		assert_int_equal(ret, seen);
		/* Only the last call, the sync of the directory, is after the rename. */
		if (faults.renamed)
			assert_int_equal(
				add_with_faults(dirfd, FAULT_COUNT, n + 1, error), 0);
	}
}

static void failure_of_any_call_leaves_the_file_as_it_was(void **state)
{
	const struct images *images = *state;

	/* open, fstat, pread; openat, write, fchown, fchmod, fsync, fstat, pread;
	   renameat, fsync */
	assert_int_equal(fail_at_every_call(images->dirfd, EIO, -EIO), 12);
	assert_int_equal(fail_at_every_call(images->dirfd, ENOSPC, -ENOSPC), 12);
}

static void enotsup_does_not_get_out(void **state)
{
	const struct images *images = *state;

	fail_at_every_call(images->dirfd, ENOTSUP, -EIO);
}

static void interrupted_calls_are_made_again(void **state)
{
	const struct images *images = *state;
	struct images_file image, expected;
	/* those that can be interrupted, and the directory is the last */
	static const int calls[] = { 1, 3, 4, 5, 8, 10, 12 };

	images_build(&image, -1, NULL);
	images_amend(&expected, &image);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		images_put(images->dirfd, &image);
		assert_int_equal(
			add_with_faults(images->dirfd, FAULT_COUNT, calls[i], EINTR), 0);
		images_check(images->dirfd, &expected);
		images_check_alone(images->dirfd);
	}
}

static void directory_that_cannot_be_synced_is_no_failure(void **state)
{
	const struct images *images = *state;
	struct images_file image;

	images_build(&image, -1, NULL);
	images_put(images->dirfd, &image);

	assert_int_equal(add_with_faults(images->dirfd, FAULT_COUNT, 12, EINVAL), 0);
	assert_true(faults.renamed);
}

static void short_reads_and_writes_are_completed(void **state)
{
	const struct images *images = *state;
	struct images_file image, expected;

	images_build(&image, -1, NULL);
	images_put(images->dirfd, &image);
	images_amend(&expected, &image);

	assert_int_equal(add_with_faults(images->dirfd, FAULT_SHORT, 0, 0), 0);
	images_check(images->dirfd, &expected);
}

static void file_that_shrinks_while_it_is_read_is_damaged(void **state)
{
	const struct images *images = *state;
	struct images_file image;

	images_build(&image, -1, NULL);
	images_put(images->dirfd, &image);

	assert_int_equal(add_with_faults(images->dirfd, FAULT_END, 0, 0), -EBADMSG);
	images_check(images->dirfd, &image);
}

static void file_that_reads_back_wrong_is_thrown_away(void **state)
{
	const struct images *images = *state;
	struct images_file image, expected;

	images_build(&image, -1, NULL);
	images_put(images->dirfd, &image);
	images_amend(&expected, &image);

	for (int at = 0; at < (int)expected.size; at++) {
		assert_int_equal(add_with_faults(images->dirfd, FAULT_CORRUPT, at, 0),
				 -EIO);
		assert_false(faults.renamed);
		images_check(images->dirfd, &image);
		images_check_alone(images->dirfd);
	}
}

/* ---- real file systems that refuse ---- */

/* A file system of one page over the directory, in a mount namespace of our own. */
static int mount_page(const struct images *images)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", images->path, "tmpfs", 0, "size=4k") < 0)
		return -1;

	return open(images->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void check_refusal(int dirfd, const struct images_file *image, int error)
{
	enum inventory_need need = UNTOUCHED;

	assert_int_equal(inventory_add_plugin(dirfd, IMAGES_PLUGIN), error);
	images_check(dirfd, image);
	images_check_alone(dirfd);
	assert_int_equal(inventory_read(dirfd, IMAGES_PLUGIN, &need), 0);
	assert_int_equal(need, INVENTORY_NOT_NEEDED);
}

static void full_and_read_only_file_systems_are_refused(void **state)
{
	const struct images *images = *state;
	int dirfd = mount_page(images);
	struct images_file image;

	if (dirfd < 0)
		skip();

	images_build(&image, 0, NULL);
	images_put(dirfd, &image);
	check_refusal(dirfd, &image, -ENOSPC);
	assert_int_equal(
		mount("none", images->path, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4k"),
		0);
	check_refusal(dirfd, &image, -EROFS);
	close(dirfd);
	assert_int_equal(umount2(images->path, MNT_DETACH), 0);
}

static void directory_without_write_permission_is_refused(void **state)
{
	const struct images *images = *state;
	struct images_file image;

	images_build(&image, 0, NULL);
	images_put(images->dirfd, &image);
	assert_int_equal(fchmod(images->dirfd, 0555), 0);
	if (geteuid() == 0) {
		assert_int_equal(fchown(images->dirfd, 1234, 4321), 0);
		assert_int_equal(fchownat(images->dirfd, IMAGES_INVENTORY, 1234, 4321, 0),
				 0);
		assert_int_equal(setegid(4321), 0);
		assert_int_equal(seteuid(1234), 0);
	}

	check_refusal(images->dirfd, &image, -EACCES);

	assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(setegid(getgid()), 0);
	assert_int_equal(fchmod(images->dirfd, 0755), 0);
}

#define test(f) cmocka_unit_test_setup_teardown(f, images_setup, images_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(failure_of_any_call_leaves_the_file_as_it_was),
		test(enotsup_does_not_get_out),
		test(interrupted_calls_are_made_again),
		test(directory_that_cannot_be_synced_is_no_failure),
		test(short_reads_and_writes_are_completed),
		test(file_that_shrinks_while_it_is_read_is_damaged),
		test(file_that_reads_back_wrong_is_thrown_away),
		test(full_and_read_only_file_systems_are_refused),
		test(directory_without_write_permission_is_refused),
	};

	return cmocka_run_group_tests_name("inventory_faults", tests, NULL, NULL);
}
