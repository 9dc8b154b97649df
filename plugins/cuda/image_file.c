/* SPDX-License-Identifier: GPL-2.0-only */
#include "image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is read at once; the residence of each of its pages is asked for first. */
#define READ_MAX (16u * 1024 * 1024)

/* ENOTSUP has a meaning of its own to CRIU, which no file system may take. */
static int last_error(void)
{
	return errno == ENOTSUP ? -EIO : -errno;
}

void *image_file_buffer(size_t size)
{
	return aligned_alloc(IMAGE_FILE_BLOCK, image_file_padded(size));
}

void image_file_close(struct image_file *file)
{
	cleanup_close(&file->fd);
	cleanup_close(&file->direct_fd);
	file->fd = -1;
	file->direct_fd = -1;
}

/*
 * After a short write O_DIRECT takes no other offset than the beginning of the block in
 * which it ended. One that does not get beyond a block has no room.
 */
static int write_all(int fd, bool direct, const uint8_t *bytes, size_t size,
		     uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = TEMP_FAILURE_RETRY(
			pwrite(fd, bytes + done, size - done, (off_t)(offset + done)));
		if (n < 0)
			return last_error();
		if (direct)
			n -= n % IMAGE_FILE_BLOCK;
		if (n == 0)
			return -ENOSPC;

		done += (size_t)n;
	}

	return 0;
}

static int read_all(int fd, bool direct, uint8_t *buffer, size_t size, uint64_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = TEMP_FAILURE_RETRY(
			pread(fd, buffer + done, size - done, (off_t)(offset + done)));
		if (n < 0)
			return last_error();
		if (direct)
			n -= n % IMAGE_FILE_BLOCK;
		if (n == 0)
			return -ENODATA;

		done += (size_t)n;
	}

	return 0;
}

int image_file_write(const struct image_file *file, const void *bytes, size_t size,
		     uint64_t offset)
{
	int ret;

	if (file->direct_fd >= 0)
		return write_all(file->direct_fd, true, bytes, size, offset);

	ret = write_all(file->fd, false, bytes, size, offset);
	if (ret < 0)
		return ret;

	/* On its way to the disk while the next is made; fsync() says what came of it. */
	(void)sync_file_range(file->fd, (off_t)offset, (off_t)size,
			      SYNC_FILE_RANGE_WRITE);
	return 0;
}

/* Nothing is read or written where the position is. */
void image_file_tell(const struct image_file *file, uint64_t done)
{
	(void)lseek(file->fd, (off_t)done, SEEK_SET);
}

/* All of it is in the page cache: the disk need not be asked. */
static bool is_cached(int fd, size_t size, uint64_t offset)
{
	unsigned char resident[READ_MAX / IMAGE_FILE_BLOCK + 1];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	size_t length = size + offset % page;
	size_t pages = (length + page - 1) / page;
	void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd,
			 (off_t)(offset - offset % page));
	bool cached;

	if (map == MAP_FAILED)
		return false;

	cached = mincore(map, length, resident) == 0;
	for (size_t i = 0; cached && i < pages; i++)
		cached = resident[i] & 1;
	munmap(map, length);

	return cached;
}

int image_file_read(const struct image_file *file, void *buffer, size_t size,
		    uint64_t offset)
{
	int ret = 0;

	for (size_t done = 0; done < size && ret == 0;) {
		size_t part = size - done < READ_MAX ? size - done : READ_MAX;
		uint8_t *to = (uint8_t *)buffer + done;

		if (file->direct_fd < 0 || is_cached(file->fd, part, offset + done))
			ret = read_all(file->fd, false, to, part, offset + done);
		else
			ret = read_all(file->direct_fd, true, to, part, offset + done);
		done += part;
	}

	return ret;
}

/* Nobody has put another file in the place of the one that is open as @fd. */
static bool is_same(int fd, int other_fd)
{
	struct stat stat, other;

	return fstat(fd, &stat) == 0 && fstat(other_fd, &other) == 0 &&
	       stat.st_dev == other.st_dev && stat.st_ino == other.st_ino;
}

static int try_block(int fd, bool to_write)
{
	uint8_t *block autofree = image_file_buffer(IMAGE_FILE_BLOCK);

	if (!block)
		return -ENOMEM;
	if (!to_write)
		return read_all(fd, true, block, IMAGE_FILE_BLOCK, 0);

	memset(block, 0, IMAGE_FILE_BLOCK);
	return write_all(fd, true, block, IMAGE_FILE_BLOCK, 0);
}

/*
 * A file system may refuse O_DIRECT when the file is opened, and also when it is used.
 * Whatever else goes wrong here goes wrong, or not, through the page cache too.
 */
static void try_direct(struct image_file *file, int dirfd, const char *name, int flags)
{
	int fd = TEMP_FAILURE_RETRY(openat(dirfd, name, flags | O_DIRECT | O_CLOEXEC));

	if (fd >= 0 && is_same(fd, file->fd) && try_block(fd, flags == O_WRONLY) == 0)
		file->direct_fd = fd;
	else
		cleanup_close(&fd);
}

int image_file_create(int dirfd, const char *name, bool direct,
		      struct image_file *ret_file)
{
	struct image_file file = IMAGE_FILE_NONE;

	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return last_error();
	file.fd = TEMP_FAILURE_RETRY(
		openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	if (file.fd < 0)
		return last_error();

	if (direct)
		try_direct(&file, dirfd, name, O_WRONLY);
	if (TEMP_FAILURE_RETRY(ftruncate(file.fd, IMAGE_FILE_BLOCK)) < 0) {
		int ret = last_error();

		image_file_close(&file);
		unlinkat(dirfd, name, 0);
		return ret;
	}

	*ret_file = file;
	return 0;
}

int image_file_open(int dirfd, const char *name, struct image_file *ret_file,
		    uint64_t *ret_size)
{
	struct image_file file autoclose_image = IMAGE_FILE_NONE;
	struct stat stat;

	/* O_NONBLOCK: what is no regular file may have nobody at its other end. */
	file.fd = TEMP_FAILURE_RETRY(
		openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	if (file.fd < 0)
		return last_error();
	if (fstat(file.fd, &stat) < 0)
		return last_error();
	if (!S_ISREG(stat.st_mode))
		return -EBADMSG;

	try_direct(&file, dirfd, name, O_RDONLY);
	*ret_file = file;
	*ret_size = (uint64_t)stat.st_size;
	file = (struct image_file)IMAGE_FILE_NONE;
	return 0;
}

int image_file_publish(const struct image_file *file, int dirfd, const char *temporary,
		       const char *name)
{
	if (TEMP_FAILURE_RETRY(fsync(file->fd)) < 0)
		return last_error();
	if (renameat(dirfd, temporary, dirfd, name) < 0)
		return last_error();

	/* EINVAL: a file system that knows no such thing for directories. */
	if (TEMP_FAILURE_RETRY(fsync(dirfd)) < 0 && errno != EINVAL) {
		int ret = last_error();

		unlinkat(dirfd, name, 0);
		return ret;
	}

	return 0;
}
