/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One chunk of memory after the other, as it is and as it is stored: with a checksum,
 * compressed if that makes it smaller, not at all if it is all zeros.
 *
 * A struct memory_chunk is what one thread needs for it. To store a chunk, put it in
 * @plain and call memory_chunk_pack(); to get it back, put what was stored where
 * memory_chunk_place() says, and call memory_chunk_unpack(). Knows nothing of files. Does
 * not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

/* What a chunk is stored as. The numbers are those in the file. */
enum memory_chunk_form {
	MEMORY_CHUNK_ZERO = 0, /* not: it is all zeros */
	MEMORY_CHUNK_PLAIN = 1,
	MEMORY_CHUNK_ZSTD = 2, /* as one frame */
	MEMORY_CHUNK_FORM_MAX
};

/* What is to be known of a chunk that is stored. */
struct memory_chunk_stored {
	enum memory_chunk_form form;
	uint32_t size;	   /* bytes; 0 for zeros */
	uint64_t checksum; /* XXH3, 64 bits, of the chunk as it is; 0 for zeros */
};

struct memory_chunk {
	uint8_t *plain;	 /* owned; for O_DIRECT, as image_file.h wants it */
	uint8_t *packed; /* owned; the same; NULL if nothing is ever compressed */
	struct ZSTD_CCtx_s *compressor;	  /* owned; NULL unless memory is stored */
	struct ZSTD_DCtx_s *decompressor; /* owned; NULL unless it is got back */
};

/*
 * For chunks of @size bytes at most, nothing of which is ever compressed; or to compress
 * them; or to get them back if they may be compressed. Return: 0; -ENOMEM.
 */
int memory_chunk_init(struct memory_chunk *ret_chunk, size_t size) must_check;
int memory_chunk_init_compress(struct memory_chunk *ret_chunk, size_t size) must_check;
int memory_chunk_init_decompress(struct memory_chunk *ret_chunk, size_t size) must_check;

/* Also after a failed init; may be called twice. */
void memory_chunk_release(struct memory_chunk *chunk);

/*
 * Make what is to be stored for the @size bytes, not 0, in @chunk->plain. Up to the end
 * of its last block it is followed by zeros.
 *
 * Return: what memory_chunk_place() says of *@ret_stored; NULL for zeros.
 */
const uint8_t *memory_chunk_pack(struct memory_chunk *chunk, size_t size,
				 struct memory_chunk_stored *ret_stored) must_check;

/* Where in @chunk that which is stored as @form has its place. */
uint8_t *memory_chunk_place(const struct memory_chunk *chunk,
			    enum memory_chunk_form form);

/*
 * Make @chunk->plain, of @size bytes, of what is in its place, and compare the checksum.
 * Not for zeros.
 *
 * Return: 0; -EBADMSG if it does not make @size bytes or they have another checksum.
 */
int memory_chunk_unpack(struct memory_chunk *chunk, size_t size,
			const struct memory_chunk_stored *stored) must_check;
