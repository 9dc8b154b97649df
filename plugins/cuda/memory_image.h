/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GPU memory of one process in an image file of its own, "cuda-memory-PID.img".
 *
 * memory_image_write() makes the file of what a callback reads from anywhere;
 * memory_image_open() sees whether a file is whole, memory_image_header() and
 * memory_image_summary() tell what is in it, memory_image_verify() compares the checksum
 * of each chunk, and memory_image_fill() does so and hands the chunks to a callback.
 * images/cuda-memory.proto has the format. Several threads work on several chunks at
 * once; a file of any size takes the memory of two chunks for each thread, and 24 bytes
 * for each chunk of the memory.
 *
 * Knows nothing of CRIU, CUDA or processes. Does not log: the reason of a failure is text
 * for the caller to log, one line that begins with the name of the file and names the
 * chunk, where it is one; the first is chunk 1.
 *
 * Errors that all functions may return, besides their own: -ENOMEM, and any of the
 * system's about the file, but for the one that has a meaning of its own to CRIU: that is
 * -EIO. What a callback returns is returned in the same way, and -EIO for what is no
 * error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "reason.h"

/* Of the format that is written, and of the only one that is read. */
#define MEMORY_IMAGE_VERSION 1u

/* Bytes of a chunk: what is good, and what can be. All are multiples of the smallest. */
#define MEMORY_IMAGE_CHUNK     (4u * 1024 * 1024)
#define MEMORY_IMAGE_CHUNK_MIN 4096u
#define MEMORY_IMAGE_CHUNK_MAX (16u * 1024 * 1024)

/* Chunks of one image: 8 TiB of memory, in chunks that are good. */
#define MEMORY_IMAGE_CHUNKS_MAX (2u * 1024 * 1024)

/* Room for the text about the driver and for the name of a file, with its zero. */
#define MEMORY_IMAGE_DRIVER_SIZE 256
#define MEMORY_IMAGE_NAME_SIZE	 64

#define MEMORY_IMAGE_ID_SIZE 16

enum memory_image_compression {
	MEMORY_IMAGE_PLAIN = 0,
	MEMORY_IMAGE_ZSTD = 1, /* chunk by chunk, those that get smaller */
	MEMORY_IMAGE_COMPRESSION_MAX
};

/* What the header of an image says. */
struct memory_image_header {
	pid_t pid;	     /* as in the images; above 0 */
	uint64_t address;    /* where the memory began in the process */
	uint64_t length;     /* bytes of the memory; may be 0 */
	uint32_t chunk_size; /* bytes */
	enum memory_image_compression compression;
	char driver[MEMORY_IMAGE_DRIVER_SIZE]; /* has no control character; may be "" */
	uint8_t id[MEMORY_IMAGE_ID_SIZE];      /* tells it from any other; or all 0 */
};

/* What an image comes to. */
struct memory_image_summary {
	uint64_t file_size; /* bytes */
	uint64_t stored;    /* bytes of chunks, without what makes whole blocks of them */
	uint64_t chunks;    /* of the memory */
	uint64_t zero_chunks; /* of these, not stored, as all their bytes are 0 */
	bool direct;	      /* past the page cache, now, where it is not in there */
};

/*
 * Where memory comes from. @read puts the @size bytes at @offset of the memory in
 * @buffer, which begins at a page, or returns -errno. It is called from several threads
 * at once.
 */
struct memory_image_source {
	int (*read)(void *subject, uint64_t offset, void *buffer, size_t size);
	void *subject;
};

/*
 * Where memory goes to. @write takes the @size bytes that belong at @offset of the
 * memory, a whole chunk, or returns -errno. @bytes NULL: they are all 0. It is called
 * from several threads at once, once for each chunk, in no order.
 */
struct memory_image_target {
	int (*write)(void *subject, uint64_t offset, const void *bytes, size_t size);
	void *subject;
};

/* How to write. */
struct memory_image_manner {
	unsigned int threads; /* at most; the caller's is one of them */
	bool page_cache;      /* go through it also where O_DIRECT would do */
};

/* What the name ends with besides, while an image is written. */
#define MEMORY_IMAGE_PART ".part"

/* The name of the image of @pid. */
void memory_image_name(pid_t pid, char ret_name[MEMORY_IMAGE_NAME_SIZE]);

/*
 * Write the image that @header tells of, with what @source reads, into the directory
 * @dirfd, which is open for reading (not O_PATH). What there is of the name is replaced.
 * Until it is complete and safe on disk the file has another name, with
 * MEMORY_IMAGE_PART at its end.
 *
 * Return: 0 with *@ret_summary, and the image can be relied on, also after a power
 * failure; -EINVAL if @header makes no sense; -EFBIG if it is of more than
 * MEMORY_IMAGE_CHUNKS_MAX chunks; -ENOSPC; another -errno. After an error the unfinished
 * file is gone, and what had the name before is there if the error was not in the very
 * last step, to make the new name safe on disk: then there is no image.
 */
int memory_image_write(int dirfd, const struct memory_image_header *header,
		       const struct memory_image_source *source,
		       const struct memory_image_manner *manner,
		       struct memory_image_summary *ret_summary,
		       char ret_reason[REASON_MAX]) must_check;

/*
 * Remove the image of @pid, and what a writer that was killed has left of it.
 *
 * Return: 0, also if there was none; -errno with the reason.
 */
int memory_image_remove(int dirfd, pid_t pid, char ret_reason[REASON_MAX]) must_check;

/*
 * What the file @name in the directory @dirfd says of itself, also one that is being
 * written, with MEMORY_IMAGE_PART at its end. Nothing but that is looked at.
 *
 * While an image is written or filled from, the position of the file, as
 * /proc/PID/fdinfo shows it, is how many bytes of the memory are done.
 *
 * Return: 0; -ENOENT if there is none; -ENODATA if it has not been said yet;
 * -EPROTONOSUPPORT or -EBADMSG, as memory_image_open(); another -errno.
 */
int memory_image_peek(int dirfd, const char *name,
		      struct memory_image_header *ret_header) must_check;

/* An image that is open; it is not written to. */
struct memory_image;

/*
 * Open the image of @pid in the directory @dirfd, and check all of it but the chunks:
 * their checksums are compared when they are read.
 *
 * Return: 0 with an image that the caller closes; -ENOENT if there is none; -ENODATA if
 * it is not complete; -EPROTONOSUPPORT if it is of another version, or compressed in a
 * way that is not known; -EBADMSG if it is damaged, no image, or one of another pid;
 * another -errno.
 */
int memory_image_open(int dirfd, pid_t pid, struct memory_image **ret_image,
		      char ret_reason[REASON_MAX]) must_check;

/*
 * The same for the file that is open as @fd, which is borrowed; whatever its name is by
 * now.
 */
int memory_image_open_fd(int fd, pid_t pid, struct memory_image **ret_image,
			 char ret_reason[REASON_MAX]) must_check;

/* Its file is open as this, the image's own. */
int memory_image_fd(const struct memory_image *image);

/* NULL is no image. */
void memory_image_close(struct memory_image *image);

/* Both are the image's. */
const struct memory_image_header *memory_image_header(const struct memory_image *image);
const struct memory_image_summary *memory_image_summary(const struct memory_image *image);

/*
 * Read all of @image, by @threads threads at most, and compare the checksums.
 *
 * Return: 0; -EBADMSG if a chunk is damaged; -ENODATA if the file was cut since it was
 * opened; another -errno.
 */
int memory_image_verify(const struct memory_image *image, unsigned int threads,
			char ret_reason[REASON_MAX]) must_check;

/*
 * The same, and hand each chunk to @target, once its checksum is what it should be.
 *
 * Return: as above, or what @target returned. After an error @target has got some of the
 * chunks.
 */
int memory_image_fill(const struct memory_image *image,
		      const struct memory_image_target *target, unsigned int threads,
		      char ret_reason[REASON_MAX]) must_check;
