/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_image.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "crew.h"
#include "memory_image_format.h"

/* Room for the name of an image, and what it has at its end while it is not one. */
#define PART_SIZE (MEMORY_IMAGE_NAME_SIZE + sizeof(MEMORY_IMAGE_PART))

/* An image that is being written. */
struct writing {
	const struct memory_image_header *header;
	const struct memory_image_source *source;
	struct image_file file; /* owned */
	uint8_t *tail;		/* owned; its records are written by the threads */
	size_t tail_size;
	struct memory_chunk *chunks; /* owned, as what they hold; one for each hand */
	unsigned int hands;
	_Atomic uint64_t done; /* bytes of the memory */

	pthread_mutex_t mutex; /* of all below */
	uint64_t end;	       /* where in the file the next chunk goes */
	struct memory_image_summary summary;
};

static void part_name(pid_t pid, char ret_name[PART_SIZE])
{
	char name[MEMORY_IMAGE_NAME_SIZE];

	memory_image_name(pid, name);
	snprintf(ret_name, PART_SIZE, "%s" MEMORY_IMAGE_PART, name);
}

static void writing_release(struct writing *writing)
{
	for (unsigned int i = 0; writing->chunks && i < writing->hands; i++)
		memory_chunk_release(&writing->chunks[i]);
	free(writing->chunks);
	free(writing->tail);
	image_file_close(&writing->file);
}

static int writing_init(struct writing *writing, unsigned int threads)
{
	const struct memory_image_header *header = writing->header;
	int ret = 0;

	writing->summary.chunks = memory_image_chunks(header);
	writing->tail_size = memory_image_tail_size(writing->summary.chunks);
	writing->hands = crew_hands(threads, writing->summary.chunks);
	writing->tail = image_file_buffer(writing->tail_size);
	writing->chunks = calloc(writing->hands, sizeof(*writing->chunks));
	if (!writing->tail || !writing->chunks)
		return -ENOMEM;

	memset(writing->tail, 0, writing->tail_size);
	for (unsigned int i = 0; ret == 0 && i < writing->hands; i++) {
		if (header->compression == MEMORY_IMAGE_ZSTD)
			ret = memory_chunk_init_compress(&writing->chunks[i],
							 header->chunk_size);
		else
			ret = memory_chunk_init(&writing->chunks[i], header->chunk_size);
	}

	return ret;
}

/* Return: where in the file the chunk goes. */
static uint64_t claim_place(struct writing *writing,
			    const struct memory_chunk_stored *stored)
{
	uint64_t offset;

	pthread_mutex_lock(&writing->mutex);
	offset = writing->end;
	writing->end += image_file_padded(stored->size);
	writing->summary.stored += stored->size;
	writing->summary.zero_chunks += stored->form == MEMORY_CHUNK_ZERO;
	pthread_mutex_unlock(&writing->mutex);

	return stored->form == MEMORY_CHUNK_ZERO ? 0 : offset;
}

static int fail_chunk(const struct writing *writing, uint64_t number, const char *what,
		      int error, char ret_reason[REASON_MAX])
{
	return reason_set(ret_reason, error, "chunk %" PRIu64 " of %" PRIu64 ": %s: %s",
			  number + 1, writing->summary.chunks, what, strerror(-error));
}

static void tell_done(struct writing *writing, size_t size)
{
	image_file_tell(&writing->file, atomic_fetch_add(&writing->done, size) + size);
}

static int write_chunk(void *subject, unsigned int hand, uint64_t number,
		       char ret_reason[REASON_MAX])
{
	struct writing *writing = subject;
	struct memory_chunk *chunk = &writing->chunks[hand];
	size_t size = memory_image_chunk_size(writing->header, number);
	struct memory_image_record record;
	const uint8_t *bytes;
	int ret;

	ret = writing->source->read(writing->source->subject,
				    number * writing->header->chunk_size, chunk->plain,
				    size);
	if (ret)
		return fail_chunk(writing, number, "the memory cannot be read",
				  ret < 0 ? ret : -EIO, ret_reason);

	bytes = memory_chunk_pack(chunk, size, &record.stored);
	record.offset = claim_place(writing, &record.stored);
	memory_image_encode_record(writing->tail, number, &record);
	ret = bytes ? image_file_write(&writing->file, bytes,
				       image_file_padded(record.stored.size),
				       record.offset)
		    : 0;
	if (ret < 0)
		return fail_chunk(writing, number, "it cannot be written", ret,
				  ret_reason);

	tell_done(writing, size);
	return 0;
}

/* So that whoever looks on knows how much is to come. */
static int write_intent(struct writing *writing, char ret_reason[REASON_MAX])
{
	uint8_t *block autofree = image_file_buffer(IMAGE_FILE_BLOCK);
	int ret;

	if (!block)
		return reason_set(ret_reason, -ENOMEM, "there is no memory");

	memory_image_encode_intent(writing->header, block);
	ret = image_file_write(&writing->file, block, IMAGE_FILE_BLOCK, 0);
	if (ret < 0)
		return reason_set(ret_reason, ret, "it cannot be written: %s",
				  strerror(-ret));

	return 0;
}

/* The header is last, so that what is not complete has none. */
static int write_ends(struct writing *writing, char ret_reason[REASON_MAX])
{
	uint8_t *block autofree = image_file_buffer(IMAGE_FILE_BLOCK);
	int ret;

	if (!block)
		return reason_set(ret_reason, -ENOMEM, "there is no memory");

	memory_image_encode_header(writing->header, block);
	writing->summary.file_size = writing->end + writing->tail_size;
	memory_image_encode_footer(writing->tail, writing->summary.chunks,
				   writing->summary.file_size, block);

	ret = image_file_write(&writing->file, writing->tail, writing->tail_size,
			       writing->end);
	if (ret == 0)
		ret = image_file_write(&writing->file, block, IMAGE_FILE_BLOCK, 0);
	if (ret < 0)
		return reason_set(ret_reason, ret,
				  "its index and header cannot be written: %s",
				  strerror(-ret));

	return 0;
}

static int write_file(struct writing *writing, int dirfd, const char *part,
		      char ret_reason[REASON_MAX])
{
	const struct crew_work work = { .piece = write_chunk,
					.subject = writing,
					.count = writing->summary.chunks };
	char name[MEMORY_IMAGE_NAME_SIZE];
	int ret;

	ret = write_intent(writing, ret_reason);
	if (ret == 0)
		ret = crew_run(&work, writing->hands, ret_reason);
	if (ret == 0)
		ret = write_ends(writing, ret_reason);
	if (ret < 0)
		return ret;

	memory_image_name(writing->header->pid, name);
	ret = image_file_publish(&writing->file, dirfd, part, name);
	if (ret < 0)
		return reason_set(ret_reason, ret,
				  "it cannot be made safe on disk, or renamed: %s",
				  strerror(-ret));

	return 0;
}

static int write_image(struct writing *writing, int dirfd,
		       const struct memory_image_manner *manner,
		       char ret_reason[REASON_MAX])
{
	char part[PART_SIZE];
	int ret;

	ret = memory_image_check_header(writing->header, ret_reason);
	if (ret < 0)
		return ret;
	if (writing_init(writing, manner->threads) < 0)
		return reason_set(ret_reason, -ENOMEM,
				  "there is no memory for %u threads", writing->hands);

	part_name(writing->header->pid, part);
	ret = image_file_create(dirfd, part, !manner->page_cache, &writing->file);
	if (ret < 0)
		return reason_set(ret_reason, ret, "it cannot be created: %s",
				  strerror(-ret));

	writing->summary.direct = writing->file.direct_fd >= 0;
	ret = write_file(writing, dirfd, part, ret_reason);
	if (ret < 0)
		unlinkat(dirfd, part, 0);

	return ret;
}

int memory_image_write(int dirfd, const struct memory_image_header *header,
		       const struct memory_image_source *source,
		       const struct memory_image_manner *manner,
		       struct memory_image_summary *ret_summary,
		       char ret_reason[REASON_MAX])
{
	struct writing writing = { .header = header,
				   .source = source,
				   .file = IMAGE_FILE_NONE,
				   .mutex = PTHREAD_MUTEX_INITIALIZER,
				   .end = IMAGE_FILE_BLOCK };
	char name[MEMORY_IMAGE_NAME_SIZE], reason[REASON_MAX];
	int ret;

	ret = write_image(&writing, dirfd, manner, reason);
	writing_release(&writing);
	if (ret < 0) {
		memory_image_name(header->pid, name);
		return reason_set(ret_reason, ret, "%s: %s", name, reason);
	}

	*ret_summary = writing.summary;
	return 0;
}

static int remove_file(int dirfd, const char *name, char ret_reason[REASON_MAX])
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;

	return reason_set(ret_reason, -errno, "%s: it cannot be removed: %s", name,
			  strerror(errno));
}

int memory_image_remove(int dirfd, pid_t pid, char ret_reason[REASON_MAX])
{
	char name[MEMORY_IMAGE_NAME_SIZE], part[PART_SIZE];
	int ret;

	part_name(pid, part);
	ret = remove_file(dirfd, part, ret_reason);
	if (ret < 0)
		return ret;

	memory_image_name(pid, name);
	return remove_file(dirfd, name, ret_reason);
}
