/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The format of a GPU memory image, as bytes: the block with the header, and the tail,
 * which is the index and the footer. See images/cuda-memory.proto and memory_image.h.
 *
 * Pure, and private to the modules of memory_image.h. What is decoded may be any bytes.
 * Does not log.
 */
#pragma once

#include "image_file.h"
#include "memory_chunk.h"
#include "memory_image.h"

/* Where a chunk is, and what is there. */
struct memory_image_record {
	uint64_t offset; /* in the file; 0 for zeros */
	struct memory_chunk_stored stored;
};

/* How many chunks the memory has; of all but the last one the size is chunk_size. */
uint64_t memory_image_chunks(const struct memory_image_header *header);
size_t memory_image_chunk_size(const struct memory_image_header *header, uint64_t number);

/* Bytes of the tail of an image of so many chunks, MEMORY_IMAGE_CHUNKS_MAX at most. */
size_t memory_image_tail_size(uint64_t chunks);

/* Return: 0; -EINVAL or -EFBIG, as for memory_image_write(), with the reason. */
int memory_image_check_header(const struct memory_image_header *header,
			      char ret_reason[REASON_MAX]) must_check;

/* @header is one that memory_image_check_header() finds good. */
void memory_image_encode_header(const struct memory_image_header *header,
				uint8_t ret_block[IMAGE_FILE_BLOCK]);

/* The same for an image that is not complete: one that is being written. */
void memory_image_encode_intent(const struct memory_image_header *header,
				uint8_t ret_block[IMAGE_FILE_BLOCK]);

/* Return: 0; -EBADMSG, -EPROTONOSUPPORT or -ENOMEM, with the reason. */
int memory_image_decode_header(const uint8_t block[IMAGE_FILE_BLOCK],
			       struct memory_image_header *ret_header,
			       char ret_reason[REASON_MAX]) must_check;

/* The same, but an intent is good too. */
int memory_image_decode_intent(const uint8_t block[IMAGE_FILE_BLOCK],
			       struct memory_image_header *ret_header,
			       char ret_reason[REASON_MAX]) must_check;

/* The record of chunk @number in @tail. Records of two chunks share no bytes. */
void memory_image_encode_record(uint8_t *tail, uint64_t number,
				const struct memory_image_record *record);
void memory_image_decode_record(const uint8_t *tail, uint64_t number,
				struct memory_image_record *ret_record);

/* Put the footer at the end of @tail, which has all records, and zeros behind them. */
void memory_image_encode_footer(uint8_t *tail, uint64_t chunks, uint64_t file_size,
				const uint8_t block[IMAGE_FILE_BLOCK]);

/*
 * Is @tail the end of a file of @file_size bytes that begins with @block, which is
 * @header?
 *
 * Return: 0 with what the image comes to, if each record is one of a chunk that is in the
 * file; -ENODATA if there is no footer; -EBADMSG; the reason.
 */
int memory_image_check_tail(const uint8_t *tail, const struct memory_image_header *header,
			    const uint8_t block[IMAGE_FILE_BLOCK], uint64_t file_size,
			    struct memory_image_summary *ret_summary,
			    char ret_reason[REASON_MAX]) must_check;
