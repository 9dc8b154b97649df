/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * make-image DIR PID CHUNKS none|zstd [DRIVER]
 *
 * Write the GPU memory image of PID in DIR: a chunk of 64 KiB for each letter of CHUNKS,
 * r random bytes, d dull ones, which get smaller when they are compressed, z zeros. The
 * memory is always the same.
 *
 * make-image DIR PID future
 *
 * Have the image say that it is of version 2, as one of the future would.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "memory_image.h"

#define CHUNK	65536u
#define BLOCK	4096u
#define CHECKED (BLOCK - sizeof(uint64_t))

/* Where the version is: behind magic, length and the tag of the first field. */
#define VERSION_AT 9

static int read_chunk(void *subject, uint64_t offset, void *buffer, size_t size)
{
	const char *kinds = subject;
	const char kind = kinds[offset / CHUNK];
	uint64_t word = offset + 1;

	for (size_t i = 0; i < size; i++) {
		word ^= word << 13;
		word ^= word >> 7;
		word ^= word << 17;
		((uint8_t *)buffer)[i] = kind == 'r'   ? (uint8_t)word
					 : kind == 'd' ? (uint8_t)(1 + i % 7)
						       : 0;
	}

	return 0;
}

static int make(int dirfd, pid_t pid, char *kinds, const char *compression,
		const char *driver, char reason[REASON_MAX])
{
	const struct memory_image_source source = { .read = read_chunk,
						    .subject = kinds };
	const struct memory_image_manner manner = { .threads = 1, .page_cache = true };
	struct memory_image_header header = {
		.pid = pid,
		.address = 0x7f1234560000,
		.length = strlen(kinds) * CHUNK,
		.chunk_size = CHUNK,
		.compression = strcmp(compression, "zstd") == 0 ? MEMORY_IMAGE_ZSTD
								: MEMORY_IMAGE_PLAIN,
	};
	struct memory_image_summary summary;

	snprintf(header.driver, sizeof(header.driver), "%s", driver);
	return memory_image_write(dirfd, &header, &source, &manner, &summary, reason);
}

static int make_future(int dirfd, pid_t pid, char reason[REASON_MAX])
{
	char name[MEMORY_IMAGE_NAME_SIZE];
	uint8_t block[BLOCK];
	uint64_t checksum;
	int fd;

	memory_image_name(pid, name);
	fd = openat(dirfd, name, O_RDWR | O_CLOEXEC);
	if (fd < 0 || pread(fd, block, BLOCK, 0) != BLOCK)
		return reason_set(reason, -EIO, "it cannot be read");

	block[VERSION_AT] = MEMORY_IMAGE_VERSION + 1;
	checksum = htole64(XXH3_64bits(block, CHECKED));
	memcpy(block + CHECKED, &checksum, sizeof(checksum));
	if (pwrite(fd, block, BLOCK, 0) != BLOCK)
		return reason_set(reason, -EIO, "it cannot be written");

	close(fd);
	return 0;
}

int main(int argc, char *argv[])
{
	char reason[REASON_MAX];
	int dirfd, ret;
	pid_t pid;

	if (argc < 4) {
		fputs("usage: make-image DIR PID future | CHUNKS none|zstd [DRIVER]\n",
		      stderr);
		return 2;
	}

	dirfd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = (pid_t)strtol(argv[2], NULL, 10);
	if (argc == 4)
		ret = make_future(dirfd, pid, reason);
	else
		ret = make(dirfd, pid, argv[3], argv[4],
			   argc > 5 ? argv[5] : "NVIDIA 570.86.15", reason);
	if (ret < 0)
		fprintf(stderr, "make-image: %s\n", reason);

	return ret < 0;
}
