/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "crew.h"
#include "memory_image_format.h"

struct memory_image {
	char name[MEMORY_IMAGE_NAME_SIZE];
	struct image_file file; /* owned */
	struct memory_image_header header;
	struct memory_image_summary summary;
	uint8_t *tail; /* owned; found good */
};

/* All its chunks, on their way to a target. */
struct filling {
	const struct memory_image *image;
	const struct memory_image_target *target; /* NULL: there is none */
	_Atomic uint64_t done;			  /* bytes of the memory */
	struct memory_chunk *chunks; /* owned, as what they hold; one for each hand */
	unsigned int hands;
};

void memory_image_close(struct memory_image *image)
{
	if (!image)
		return;

	image_file_close(&image->file);
	free(image->tail);
	free(image);
}

const struct memory_image_header *memory_image_header(const struct memory_image *image)
{
	return &image->header;
}

const struct memory_image_summary *memory_image_summary(const struct memory_image *image)
{
	return &image->summary;
}

/* ---- the file, but for its chunks ---- */

static int read_part(const struct memory_image *image, const char *what, uint8_t *buffer,
		     size_t size, uint64_t offset, char ret_reason[REASON_MAX])
{
	int ret = image_file_read(&image->file, buffer, size, offset);

	if (ret < 0)
		return reason_set(ret_reason, ret, "%s cannot be read: %s", what,
				  ret == -ENODATA ? "the file is cut short"
						  : strerror(-ret));

	return 0;
}

/* What the header claims to be there is in the file before memory is got for it. */
static int load_tail(struct memory_image *image, const uint8_t block[IMAGE_FILE_BLOCK],
		     uint64_t file_size, char ret_reason[REASON_MAX])
{
	size_t size = memory_image_tail_size(memory_image_chunks(&image->header));
	int ret;

	if (file_size % IMAGE_FILE_BLOCK != 0 || file_size - IMAGE_FILE_BLOCK < size)
		return reason_set(ret_reason, -ENODATA,
				  "it is not complete: %" PRIu64 " bytes", file_size);

	image->tail = image_file_buffer(size);
	if (!image->tail)
		return reason_set(ret_reason, -ENOMEM, "there is no memory");

	ret = read_part(image, "its index", image->tail, size, file_size - size,
			ret_reason);
	if (ret < 0)
		return ret;

	return memory_image_check_tail(image->tail, &image->header, block, file_size,
				       &image->summary, ret_reason);
}

static int load(struct memory_image *image, uint64_t file_size,
		char ret_reason[REASON_MAX])
{
	uint8_t *block autofree = image_file_buffer(IMAGE_FILE_BLOCK);
	int ret;

	if (!block)
		return reason_set(ret_reason, -ENOMEM, "there is no memory");
	if (file_size < IMAGE_FILE_BLOCK)
		return reason_set(ret_reason, -ENODATA,
				  "it is not complete: %" PRIu64 " bytes", file_size);

	ret = read_part(image, "its header", block, IMAGE_FILE_BLOCK, 0, ret_reason);
	if (ret < 0)
		return ret;
	ret = memory_image_decode_header(block, &image->header, ret_reason);
	if (ret < 0)
		return ret;

	return load_tail(image, block, file_size, ret_reason);
}

static int open_image(struct memory_image *image, int dirfd, const char *path, pid_t pid,
		      char ret_reason[REASON_MAX])
{
	uint64_t file_size;
	int ret;

	ret = image_file_open(dirfd, path, &image->file, &file_size);
	if (ret < 0)
		return reason_set(ret_reason, ret, "it cannot be opened: %s",
				  ret == -EBADMSG ? "it is no regular file"
						  : strerror(-ret));

	ret = load(image, file_size, ret_reason);
	if (ret < 0)
		return ret;
	if (image->header.pid != pid)
		return reason_set(ret_reason, -EBADMSG, "it is the image of pid %d",
				  (int)image->header.pid);

	image->summary.direct = image->file.direct_fd >= 0;
	return 0;
}

/* @path NULL: it has its name. */
static int open_new(int dirfd, const char *path, pid_t pid,
		    struct memory_image **ret_image, char ret_reason[REASON_MAX])
{
	struct memory_image *image = calloc(1, sizeof(*image));
	char reason[REASON_MAX];
	int ret;

	if (!image)
		return reason_set(ret_reason, -ENOMEM, "there is no memory");

	image->file = (struct image_file)IMAGE_FILE_NONE;
	memory_image_name(pid, image->name);
	ret = open_image(image, dirfd, path ? path : image->name, pid, reason);
	if (ret < 0) {
		ret = reason_set(ret_reason, ret, "%s: %s", image->name, reason);
		memory_image_close(image);
		return ret;
	}

	*ret_image = image;
	return 0;
}

int memory_image_open(int dirfd, pid_t pid, struct memory_image **ret_image,
		      char ret_reason[REASON_MAX])
{
	return open_new(dirfd, NULL, pid, ret_image, ret_reason);
}

int memory_image_open_fd(int fd, pid_t pid, struct memory_image **ret_image,
			 char ret_reason[REASON_MAX])
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open_new(AT_FDCWD, path, pid, ret_image, ret_reason);
}

int memory_image_fd(const struct memory_image *image)
{
	return image->file.fd;
}

int memory_image_peek(int dirfd, const char *name, struct memory_image_header *ret_header)
{
	uint8_t *block autofree = image_file_buffer(IMAGE_FILE_BLOCK);
	struct image_file file autoclose_image = IMAGE_FILE_NONE;
	char reason[REASON_MAX];
	uint64_t file_size;
	int ret;

	if (!block)
		return -ENOMEM;
	ret = image_file_open(dirfd, name, &file, &file_size);
	if (ret == 0)
		ret = image_file_read(&file, block, IMAGE_FILE_BLOCK, 0);
	if (ret < 0)
		return ret;

	return memory_image_decode_intent(block, ret_header, reason);
}

/* ---- its chunks ---- */

static int fail_chunk(const struct filling *filling, uint64_t number, int error,
		      const char *what, char ret_reason[REASON_MAX])
{
	return reason_set(ret_reason, error, "%s: chunk %" PRIu64 " of %" PRIu64 ": %s",
			  filling->image->name, number + 1,
			  filling->image->summary.chunks, what);
}

static int read_chunk(const struct filling *filling, struct memory_chunk *chunk,
		      uint64_t number, const struct memory_image_record *record,
		      char ret_reason[REASON_MAX])
{
	const struct memory_image *image = filling->image;
	size_t size = memory_image_chunk_size(&image->header, number);
	int ret;

	ret = image_file_read(&image->file,
			      memory_chunk_place(chunk, record->stored.form),
			      image_file_padded(record->stored.size), record->offset);
	if (ret == -ENODATA)
		return fail_chunk(filling, number, ret, "the file is cut short",
				  ret_reason);
	if (ret < 0)
		return fail_chunk(filling, number, ret, strerror(-ret), ret_reason);

	ret = memory_chunk_unpack(chunk, size, &record->stored);
	if (ret < 0)
		return fail_chunk(filling, number, ret,
				  "it is damaged: it has another checksum", ret_reason);

	return 0;
}

static void tell_done(struct filling *filling, size_t size)
{
	if (filling->target)
		image_file_tell(&filling->image->file,
				atomic_fetch_add(&filling->done, size) + size);
}

static int fill_chunk(void *subject, unsigned int hand, uint64_t number,
		      char ret_reason[REASON_MAX])
{
	struct filling *filling = subject;
	const struct memory_image *image = filling->image;
	const struct memory_image_target *target = filling->target;
	struct memory_chunk *chunk = &filling->chunks[hand];
	const size_t size = memory_image_chunk_size(&image->header, number);
	struct memory_image_record record;
	const void *bytes = NULL;
	int ret;

	memory_image_decode_record(image->tail, number, &record);
	if (record.stored.form != MEMORY_CHUNK_ZERO) {
		ret = read_chunk(filling, chunk, number, &record, ret_reason);
		if (ret < 0)
			return ret;
		bytes = chunk->plain;
	}

	ret = target ? target->write(target->subject, number * image->header.chunk_size,
				     bytes, size)
		     : 0;
	if (ret)
		return fail_chunk(filling, number, ret < 0 ? ret : -EIO,
				  "the memory cannot be written", ret_reason);

	tell_done(filling, size);
	return 0;
}

static void filling_release(struct filling *filling)
{
	for (unsigned int i = 0; filling->chunks && i < filling->hands; i++)
		memory_chunk_release(&filling->chunks[i]);
	free(filling->chunks);
}

static int filling_init(struct filling *filling, unsigned int threads)
{
	const struct memory_image_header *header = &filling->image->header;
	int ret = 0;

	filling->hands = crew_hands(threads, filling->image->summary.chunks);
	filling->chunks = calloc(filling->hands, sizeof(*filling->chunks));
	if (!filling->chunks)
		return -ENOMEM;

	for (unsigned int i = 0; ret == 0 && i < filling->hands; i++) {
		if (header->compression == MEMORY_IMAGE_ZSTD)
			ret = memory_chunk_init_decompress(&filling->chunks[i],
							   header->chunk_size);
		else
			ret = memory_chunk_init(&filling->chunks[i], header->chunk_size);
	}

	return ret;
}

int memory_image_fill(const struct memory_image *image,
		      const struct memory_image_target *target, unsigned int threads,
		      char ret_reason[REASON_MAX])
{
	struct filling filling = { .image = image, .target = target };
	const struct crew_work work = { .piece = fill_chunk,
					.subject = &filling,
					.count = image->summary.chunks };
	int ret;

	ret = filling_init(&filling, threads);
	if (ret == 0)
		ret = crew_run(&work, filling.hands, ret_reason);
	else
		reason_set(ret_reason, ret, "%s: there is no memory for %u threads",
			   image->name, filling.hands);
	filling_release(&filling);

	return ret;
}

int memory_image_verify(const struct memory_image *image, unsigned int threads,
			char ret_reason[REASON_MAX])
{
	return memory_image_fill(image, NULL, threads, ret_reason);
}
