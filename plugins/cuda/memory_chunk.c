/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_chunk.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <xxhash.h>
#include <zstd.h>

#include "image_file.h"

/* The fastest that compresses numbers at all, not only what repeats. */
#define LEVEL 1

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

int memory_chunk_init(struct memory_chunk *ret_chunk, size_t size)
{
	*ret_chunk = (struct memory_chunk){ .plain = image_file_buffer(size) };
	return ret_chunk->plain ? 0 : -ENOMEM;
}

int memory_chunk_init_compress(struct memory_chunk *ret_chunk, size_t size)
{
	if (memory_chunk_init(ret_chunk, size) < 0)
		return -ENOMEM;

	ret_chunk->packed = image_file_buffer(size);
	ret_chunk->compressor = ZSTD_createCCtx();
	return ret_chunk->packed && ret_chunk->compressor ? 0 : -ENOMEM;
}

int memory_chunk_init_decompress(struct memory_chunk *ret_chunk, size_t size)
{
	if (memory_chunk_init(ret_chunk, size) < 0)
		return -ENOMEM;

	ret_chunk->packed = image_file_buffer(size);
	ret_chunk->decompressor = ZSTD_createDCtx();
	return ret_chunk->packed && ret_chunk->decompressor ? 0 : -ENOMEM;
}

void memory_chunk_release(struct memory_chunk *chunk)
{
	free(chunk->plain);
	free(chunk->packed);
	ZSTD_freeCCtx(chunk->compressor);
	ZSTD_freeDCtx(chunk->decompressor);
	*chunk = (struct memory_chunk){ .plain = NULL };
}

/*
 * What does not save a block is not worth the time that it takes to get it back: there is
 * no room for it. Return: 0 if it did not fit, or no memory could be had for it.
 */
static size_t compress(struct memory_chunk *chunk, size_t size)
{
	size_t room = image_file_padded(size) - IMAGE_FILE_BLOCK;
	size_t packed;

	if (!chunk->compressor || room == 0)
		return 0;

	packed = ZSTD_compressCCtx(chunk->compressor, chunk->packed, room, chunk->plain,
				   size, LEVEL);
	return ZSTD_isError(packed) ? 0 : packed;
}

const uint8_t *memory_chunk_pack(struct memory_chunk *chunk, size_t size,
				 struct memory_chunk_stored *ret_stored)
{
	struct memory_chunk_stored stored = { .form = MEMORY_CHUNK_ZERO };
	uint8_t *place;

	if (is_zero(chunk->plain, size)) {
		*ret_stored = stored;
		return NULL;
	}

	stored.checksum = XXH3_64bits(chunk->plain, size);
	stored.size = (uint32_t)compress(chunk, size);
	stored.form = MEMORY_CHUNK_ZSTD;
	if (stored.size == 0) {
		stored.size = (uint32_t)size;
		stored.form = MEMORY_CHUNK_PLAIN;
	}

	place = memory_chunk_place(chunk, stored.form);
	memset(place + stored.size, 0, image_file_padded(stored.size) - stored.size);
	*ret_stored = stored;
	return place;
}

uint8_t *memory_chunk_place(const struct memory_chunk *chunk, enum memory_chunk_form form)
{
	return form == MEMORY_CHUNK_ZSTD ? chunk->packed : chunk->plain;
}

/* One frame, of the format of today: the library knows older ones, little used by now. */
static bool is_frame(const uint8_t *bytes, size_t size)
{
	uint32_t magic;

	if (size < sizeof(magic))
		return false;

	memcpy(&magic, bytes, sizeof(magic));
	return le32toh(magic) == ZSTD_MAGICNUMBER &&
	       ZSTD_findFrameCompressedSize(bytes, size) == size;
}

/* The frame of @length bytes makes what fills @room, no more and no less. */
static bool decompress(struct memory_chunk *chunk, size_t room, size_t length)
{
	return is_frame(chunk->packed, length) &&
	       ZSTD_decompressDCtx(chunk->decompressor, chunk->plain, room, chunk->packed,
				   length) == room;
}

int memory_chunk_unpack(struct memory_chunk *chunk, size_t size,
			const struct memory_chunk_stored *stored)
{
	if (stored->form == MEMORY_CHUNK_ZSTD && !decompress(chunk, size, stored->size))
		return -EBADMSG;
	if (stored->form == MEMORY_CHUNK_PLAIN && stored->size != size)
		return -EBADMSG;

	return XXH3_64bits(chunk->plain, size) == stored->checksum ? 0 : -EBADMSG;
}
