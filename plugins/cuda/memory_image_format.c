/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_image_format.h"

#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "images/cuda-memory.pb-c.h"

#define MAGIC	   0x50211110u
#define INTENT	   0x50211111u /* in place of it, of what is not complete */
#define FOOTER_END 0x444e454d454d5543u

/* Both are little-endian, as all that is below. */
struct opening {
	uint32_t magic;
	uint32_t length; /* of the message that follows */
};

#define CHECKED	    (IMAGE_FILE_BLOCK - sizeof(uint64_t))
#define MESSAGE_MAX (CHECKED - sizeof(struct opening))

struct record {
	uint64_t offset;
	uint64_t checksum;
	uint32_t size;
	uint32_t form;
};

struct footer {
	uint64_t chunks;
	uint64_t file_size;
	uint64_t end;
	uint64_t checksum;
};

void memory_image_name(pid_t pid, char ret_name[MEMORY_IMAGE_NAME_SIZE])
{
	snprintf(ret_name, MEMORY_IMAGE_NAME_SIZE, "cuda-memory-%d.img", (int)pid);
}

uint64_t memory_image_chunks(const struct memory_image_header *header)
{
	return header->length / header->chunk_size +
	       (header->length % header->chunk_size != 0);
}

size_t memory_image_chunk_size(const struct memory_image_header *header, uint64_t number)
{
	uint64_t rest = header->length - number * header->chunk_size;

	return rest < header->chunk_size ? (size_t)rest : header->chunk_size;
}

size_t memory_image_tail_size(uint64_t chunks)
{
	return (size_t)image_file_padded(chunks * sizeof(struct record) +
					 sizeof(struct footer));
}

/* The field of @header that makes no sense, or NULL. */
static const char *senseless_field(const struct memory_image_header *header)
{
	if (header->pid <= 0)
		return "pid";
	if (header->chunk_size < MEMORY_IMAGE_CHUNK_MIN ||
	    header->chunk_size > MEMORY_IMAGE_CHUNK_MAX ||
	    header->chunk_size % MEMORY_IMAGE_CHUNK_MIN != 0)
		return "chunk size";
	if (header->length > UINT64_MAX - header->address)
		return "length";
	if (header->compression >= MEMORY_IMAGE_COMPRESSION_MAX)
		return "compression";
	for (const char *p = header->driver; *p; p++) {
		if (iscntrl((unsigned char)*p))
			return "driver";
	}

	return NULL;
}

int memory_image_check_header(const struct memory_image_header *header,
			      char ret_reason[REASON_MAX])
{
	const char *field;

	if (strnlen(header->driver, sizeof(header->driver)) == sizeof(header->driver))
		field = "driver";
	else
		field = senseless_field(header);
	if (field)
		return reason_set(ret_reason, -EINVAL, "its %s makes no sense", field);
	if (memory_image_chunks(header) > MEMORY_IMAGE_CHUNKS_MAX)
		return reason_set(ret_reason, -EFBIG,
				  "%" PRIu64 " bytes are too many for chunks of %u",
				  header->length, header->chunk_size);

	return 0;
}

static void put_checksum(uint8_t *at, uint64_t checksum)
{
	checksum = htole64(checksum);
	memcpy(at, &checksum, sizeof(checksum));
}

static uint64_t get_checksum(const uint8_t *at)
{
	uint64_t checksum;

	memcpy(&checksum, at, sizeof(checksum));
	return le64toh(checksum);
}

static void encode(const struct memory_image_header *header, uint32_t magic,
		   uint8_t ret_block[IMAGE_FILE_BLOCK])
{
	CudaMemoryHeader message = CUDA_MEMORY_HEADER__INIT;
	struct opening opening = { .magic = htole32(magic) };

	message.version = MEMORY_IMAGE_VERSION;
	message.pid = (uint32_t)header->pid;
	message.address = header->address;
	message.length = header->length;
	message.chunk_size = header->chunk_size;
	message.compression = header->compression;
	/* protobuf-c has no const */
	message.driver = (char *)header->driver;
	message.has_id = true;
	message.id.len = sizeof(header->id);
	message.id.data = (uint8_t *)header->id;

	memset(ret_block, 0, IMAGE_FILE_BLOCK);
	opening.length =
		htole32((uint32_t)cuda_memory_header__pack(&message, ret_block + 8));
	memcpy(ret_block, &opening, sizeof(opening));
	put_checksum(ret_block + CHECKED, XXH3_64bits(ret_block, CHECKED));
}

void memory_image_encode_header(const struct memory_image_header *header,
				uint8_t ret_block[IMAGE_FILE_BLOCK])
{
	encode(header, MAGIC, ret_block);
}

void memory_image_encode_intent(const struct memory_image_header *header,
				uint8_t ret_block[IMAGE_FILE_BLOCK])
{
	encode(header, INTENT, ret_block);
}

static int take_message(const CudaMemoryHeader *message,
			struct memory_image_header *ret_header,
			char ret_reason[REASON_MAX])
{
	struct memory_image_header header = {
		.pid = (pid_t)message->pid,
		.address = message->address,
		.length = message->length,
		.chunk_size = message->chunk_size,
		.compression = (enum memory_image_compression)message->compression,
	};

	if (message->version != MEMORY_IMAGE_VERSION)
		return reason_set(ret_reason, -EPROTONOSUPPORT,
				  "it is of version %u, and only %u is known",
				  message->version, MEMORY_IMAGE_VERSION);
	if (message->compression >= MEMORY_IMAGE_COMPRESSION_MAX)
		return reason_set(ret_reason, -EPROTONOSUPPORT,
				  "compression %u is not known", message->compression);
	if (message->driver && strlen(message->driver) >= sizeof(header.driver))
		return reason_set(ret_reason, -EBADMSG, "its driver makes no sense");
	if (message->has_id && message->id.len != sizeof(header.id))
		return reason_set(ret_reason, -EBADMSG, "its id makes no sense");
	if (message->has_id)
		memcpy(header.id, message->id.data, sizeof(header.id));
	if (message->driver)
		snprintf(header.driver, sizeof(header.driver), "%s", message->driver);
	if (memory_image_check_header(&header, ret_reason) < 0)
		return -EBADMSG;

	*ret_header = header;
	return 0;
}

static bool has_magic(const uint8_t block[IMAGE_FILE_BLOCK], uint32_t magic)
{
	struct opening opening;

	memcpy(&opening, block, sizeof(opening));
	return le32toh(opening.magic) == magic;
}

/* Whatever its magic number is. */
static int decode(const uint8_t block[IMAGE_FILE_BLOCK],
		  struct memory_image_header *ret_header, char ret_reason[REASON_MAX])
{
	struct opening opening;
	CudaMemoryHeader *message;
	int ret;

	memcpy(&opening, block, sizeof(opening));
	if (XXH3_64bits(block, CHECKED) != get_checksum(block + CHECKED) ||
	    le32toh(opening.length) > MESSAGE_MAX)
		return reason_set(ret_reason, -EBADMSG, "its header is damaged");

	message = cuda_memory_header__unpack(NULL, le32toh(opening.length),
					     block + sizeof(opening));
	if (!message)
		return reason_set(ret_reason, -EBADMSG, "its header makes no sense");

	ret = take_message(message, ret_header, ret_reason);
	cuda_memory_header__free_unpacked(message, NULL);
	return ret;
}

int memory_image_decode_header(const uint8_t block[IMAGE_FILE_BLOCK],
			       struct memory_image_header *ret_header,
			       char ret_reason[REASON_MAX])
{
	if (!has_magic(block, MAGIC))
		return reason_set(ret_reason, -EBADMSG, "it is no GPU memory image");

	return decode(block, ret_header, ret_reason);
}

int memory_image_decode_intent(const uint8_t block[IMAGE_FILE_BLOCK],
			       struct memory_image_header *ret_header,
			       char ret_reason[REASON_MAX])
{
	if (!has_magic(block, MAGIC) && !has_magic(block, INTENT))
		return reason_set(ret_reason, -EBADMSG, "it is no GPU memory image");

	return decode(block, ret_header, ret_reason);
}

void memory_image_encode_record(uint8_t *tail, uint64_t number,
				const struct memory_image_record *record)
{
	const struct record encoded = {
		.offset = htole64(record->offset),
		.checksum = htole64(record->stored.checksum),
		.size = htole32(record->stored.size),
		.form = htole32((uint32_t)record->stored.form),
	};

	memcpy(tail + number * sizeof(encoded), &encoded, sizeof(encoded));
}

void memory_image_decode_record(const uint8_t *tail, uint64_t number,
				struct memory_image_record *ret_record)
{
	struct record encoded;

	memcpy(&encoded, tail + number * sizeof(encoded), sizeof(encoded));
	ret_record->offset = le64toh(encoded.offset);
	ret_record->stored.checksum = le64toh(encoded.checksum);
	ret_record->stored.size = le32toh(encoded.size);
	ret_record->stored.form = (enum memory_chunk_form)le32toh(encoded.form);
}

/* Of all that is no chunk. */
static uint64_t checksum_of(const uint8_t *tail, size_t size,
			    const uint8_t block[IMAGE_FILE_BLOCK])
{
	return XXH3_64bits_withSeed(tail, size - sizeof(uint64_t),
				    XXH3_64bits(block, IMAGE_FILE_BLOCK));
}

void memory_image_encode_footer(uint8_t *tail, uint64_t chunks, uint64_t file_size,
				const uint8_t block[IMAGE_FILE_BLOCK])
{
	size_t size = memory_image_tail_size(chunks);
	const struct footer footer = {
		.chunks = htole64(chunks),
		.file_size = htole64(file_size),
		.end = htole64(FOOTER_END),
	};

	memcpy(tail + size - sizeof(footer), &footer, sizeof(footer));
	put_checksum(tail + size - sizeof(uint64_t), checksum_of(tail, size, block));
}

/* Could @record be of a chunk of @size bytes, which is stored before @end? */
static bool record_fits(const struct memory_image_record *record,
			const struct memory_image_header *header, size_t size,
			uint64_t end)
{
	const struct memory_chunk_stored *stored = &record->stored;

	if (stored->form == MEMORY_CHUNK_ZERO)
		return record->offset == 0 && stored->size == 0 && stored->checksum == 0;
	if (record->offset < IMAGE_FILE_BLOCK || record->offset % IMAGE_FILE_BLOCK != 0 ||
	    record->offset > end ||
	    image_file_padded(stored->size) > end - record->offset)
		return false;

	if (stored->form == MEMORY_CHUNK_PLAIN)
		return stored->size == size;
	return stored->form == MEMORY_CHUNK_ZSTD &&
	       header->compression == MEMORY_IMAGE_ZSTD && stored->size > 0 &&
	       stored->size < size;
}

static int check_records(const uint8_t *tail, const struct memory_image_header *header,
			 uint64_t end, struct memory_image_summary *summary,
			 char ret_reason[REASON_MAX])
{
	uint64_t blocks = IMAGE_FILE_BLOCK;

	for (uint64_t i = 0; i < summary->chunks; i++) {
		struct memory_image_record record;

		memory_image_decode_record(tail, i, &record);
		if (!record_fits(&record, header, memory_image_chunk_size(header, i),
				 end))
			return reason_set(ret_reason, -EBADMSG,
					  "chunk %" PRIu64 " of %" PRIu64
					  ": its entry in the index makes no sense",
					  i + 1, summary->chunks);

		summary->stored += record.stored.size;
		summary->zero_chunks += record.stored.form == MEMORY_CHUNK_ZERO;
		blocks += image_file_padded(record.stored.size);
	}

	if (blocks != end)
		return reason_set(ret_reason, -EBADMSG,
				  "its chunks are not all that is in it");

	return 0;
}

int memory_image_check_tail(const uint8_t *tail, const struct memory_image_header *header,
			    const uint8_t block[IMAGE_FILE_BLOCK], uint64_t file_size,
			    struct memory_image_summary *ret_summary,
			    char ret_reason[REASON_MAX])
{
	struct memory_image_summary summary = {
		.file_size = file_size,
		.chunks = memory_image_chunks(header),
	};
	size_t size = memory_image_tail_size(summary.chunks);
	struct footer footer;
	int ret;

	memcpy(&footer, tail + size - sizeof(footer), sizeof(footer));
	if (le64toh(footer.end) != FOOTER_END)
		return reason_set(ret_reason, -ENODATA,
				  "it is not complete: there is no footer at its end");
	if (le64toh(footer.checksum) != checksum_of(tail, size, block) ||
	    le64toh(footer.chunks) != summary.chunks ||
	    le64toh(footer.file_size) != file_size)
		return reason_set(ret_reason, -EBADMSG, "its index or footer is damaged");

	ret = check_records(tail, header, file_size - size, &summary, ret_reason);
	if (ret < 0)
		return ret;

	*ret_summary = summary;
	return 0;
}
