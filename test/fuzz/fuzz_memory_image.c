/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_image.h on any bytes: the input is the whole cuda-memory-PID.img.
 */
#include "memory_image.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "fuzz.h"
#include "memory_image_format.h"

#define PID	4711
#define NAME	"cuda-memory-4711.img"
#define CHECKED (IMAGE_FILE_BLOCK - sizeof(uint64_t))

/* What a target got. */
struct got {
	const struct memory_image_header *header;
	atomic_ullong bytes, chunks, zeros;
};

static struct {
	char path[64];
	int fd;
} dir = { .fd = -1 };

/* No disk is asked. */
int __real_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...);
int __wrap_openat(int dirfd, const char *path, int flags, ...)
{
	if (flags & O_DIRECT) {
		errno = EINVAL;
		return -1;
	}

	return __real_openat(dirfd, path, flags, 0600);
}

static void remove_dir(void)
{
	unlinkat(dir.fd, NAME, 0);
	rmdir(dir.path);
}

static void make_dir(void)
{
	const char *parent = getenv("TMPDIR");

	if (dir.fd >= 0)
		return;

	snprintf(dir.path, sizeof(dir.path), "%s/fuzz_memory_image.XXXXXX",
		 parent ? parent : "/tmp");
	fuzz_check(mkdtemp(dir.path));
	dir.fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(dir.fd >= 0);
	atexit(remove_dir);
}

static void put(const uint8_t *data, size_t size)
{
	int fd autoclose =
		openat(dir.fd, NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_check(fd >= 0);
	fuzz_check(write(fd, data, size) == (ssize_t)size);
}

/* A reason is one line that begins with the file. */
static void check_reason(const char *reason)
{
	fuzz_check(strncmp(reason, NAME ": ", strlen(NAME ": ")) == 0);
	fuzz_check(strlen(reason) > strlen(NAME ": "));
	fuzz_check(!fuzz_has_control(reason));
}

static int take(void *subject, uint64_t offset, const void *bytes, size_t size)
{
	struct got *got = subject;

	fuzz_check(offset % got->header->chunk_size == 0);
	fuzz_check(offset < got->header->length);
	fuzz_check(size == got->header->chunk_size ||
		   size == got->header->length - offset);
	/* All of it is there to be read. */
	if (bytes)
		fuzz_check(XXH3_64bits(bytes, size) != 0);

	atomic_fetch_add(&got->bytes, size);
	atomic_fetch_add(&got->chunks, 1);
	atomic_fetch_add(&got->zeros, !bytes);
	return 0;
}

static void check_told(const struct memory_image *image, size_t size)
{
	const struct memory_image_header *header = memory_image_header(image);
	const struct memory_image_summary *summary = memory_image_summary(image);

	fuzz_check(header->pid == PID);
	fuzz_check(header->chunk_size > 0 &&
		   header->length <= UINT64_MAX - header->address);
	fuzz_check(!fuzz_has_control(header->driver));
	fuzz_check(summary->file_size == size && summary->stored < size);
	fuzz_check(summary->chunks == memory_image_chunks(header));
	fuzz_check(summary->zero_chunks <= summary->chunks);
	/* What memory is asked for does not exceed what the file has. */
	fuzz_check(memory_image_tail_size(summary->chunks) < size);
}

static void check_chunks(const struct memory_image *image)
{
	const struct memory_image_summary *summary = memory_image_summary(image);
	struct got got = { .header = memory_image_header(image) };
	const struct memory_image_target target = { .write = take, .subject = &got };
	char reason[REASON_MAX];
	int ret = memory_image_fill(image, &target, 2, reason);

	fuzz_check(ret == 0 || ret == -EBADMSG);
	if (ret < 0) {
		check_reason(reason);
		fuzz_check(got.chunks < summary->chunks);
	} else {
		fuzz_check(got.chunks == summary->chunks);
		fuzz_check(got.bytes == got.header->length);
		fuzz_check(got.zeros == summary->zero_chunks);
	}
	fuzz_check(memory_image_verify(image, 1, reason) == ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory_image *image;
	char reason[REASON_MAX];
	int ret;

	make_dir();
	put(data, size);

	ret = memory_image_open(dir.fd, PID, &image, reason);

	if (ret == 0) {
		check_told(image, size);
		check_chunks(image);
		memory_image_close(image);
		return 0;
	}

	fuzz_check(ret == -EBADMSG || ret == -ENODATA || ret == -EPROTONOSUPPORT);
	check_reason(reason);
	return 0;
}

static void sign(uint8_t *at, uint64_t checksum)
{
	checksum = htole64(checksum);
	memcpy(at, &checksum, sizeof(checksum));
}

/* Most inputs get whole blocks and right checksums: else none would get past them. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	struct memory_image_header header;
	char reason[REASON_MAX];
	size_t tail;

	size = LLVMFuzzerMutate(data, size, max);
	if (max < 2 * IMAGE_FILE_BLOCK || seed % 16 == 0)
		return size;

	if (size < 2 * IMAGE_FILE_BLOCK) {
		memset(data + size, 0, 2 * IMAGE_FILE_BLOCK - size);
		size = 2 * IMAGE_FILE_BLOCK;
	}
	size -= size % IMAGE_FILE_BLOCK;
	sign(data + CHECKED, XXH3_64bits(data, CHECKED));
	if (memory_image_decode_header(data, &header, reason) < 0)
		return size;

	tail = memory_image_tail_size(memory_image_chunks(&header));
	if (tail <= size - IMAGE_FILE_BLOCK)
		memory_image_encode_footer(data + size - tail,
					   memory_image_chunks(&header), size, data);
	return size;
}
