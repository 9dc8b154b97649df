/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that claim what is not so, with the right checksums.
 */
#include "memory_image.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include <cmocka.h>

#include "memory_image_format.h"
#include "memory_image_world.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BLOCK	      4096u
#define CHUNK	      8192u
#define CHECKED	      (BLOCK - 8)

/* An image of two chunks: the second is of one byte less. */
struct forged {
	uint8_t header[BLOCK];
	uint8_t chunks[4 * BLOCK];
	uint8_t tail[BLOCK];
};

static const struct memory_image_header good_header = {
	.pid = WORLD_PID,
	.length = 2 * CHUNK - 1,
	.chunk_size = CHUNK,
	.compression = MEMORY_IMAGE_ZSTD,
	.driver = "570",
};

/* The records of the chunks, as they are if nothing is forged. */
static void good_records(const struct forged *forged, struct memory_image_record ret[2])
{
	for (size_t i = 0; i < 2; i++) {
		uint32_t size = (uint32_t)(CHUNK - i);

		ret[i] = (struct memory_image_record){
			.offset = BLOCK + i * CHUNK,
			.stored = { .form = MEMORY_CHUNK_PLAIN,
				    .size = size,
				    .checksum = XXH3_64bits(forged->chunks + i * CHUNK,
							    size) },
		};
	}
}

static void put(const struct world *world, const struct forged *forged)
{
	int fd autoclose = openat(world->dirfd, WORLD_NAME,
				  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, forged, sizeof(*forged)), sizeof(*forged));
}

static void finish(const struct world *world, struct forged *forged,
		   const struct memory_image_record records[2])
{
	memset(forged->tail, 0, BLOCK);
	memory_image_encode_record(forged->tail, 0, &records[0]);
	memory_image_encode_record(forged->tail, 1, &records[1]);
	memory_image_encode_footer(forged->tail, 2, sizeof(*forged), forged->header);
	put(world, forged);
}

static void begin(struct world *world, struct forged *forged,
		  struct memory_image_record records[2])
{
	if (!world->memory)
		world_have(world, 2 * CHUNK - 1, WORLD_RANDOM);
	memset(forged, 0, sizeof(*forged));
	memset(forged->chunks, 5, sizeof(forged->chunks));
	memory_image_encode_header(&good_header, forged->header);
	good_records(forged, records);
}

static void sign_header(struct forged *forged)
{
	uint64_t checksum = XXH3_64bits(forged->header, CHECKED);

	for (int i = 0; i < 8; i++)
		forged->header[CHECKED + i] = (uint8_t)(checksum >> 8 * i);
}

static void what_is_not_forged_is_good(void **state)
{
	struct memory_image_record records[2];
	struct world *world = *state;
	struct forged forged;

	begin(world, &forged, records);
	finish(world, &forged, records);
	assert_int_equal(world_fill(world, 1), 0);
	assert_memory_equal(world->filled, forged.chunks, CHUNK);
}

/* The header's message, and what is said of it. */
static const struct {
	const char *message, *reason;
	size_t size;
	int ret;
} messages[] = {
/* clang-format off */
#define MESSAGE(bytes, reason, ret) { bytes, reason, sizeof(bytes) - 1, ret }
	/* version 2, and no more that anybody knows of */
	MESSAGE("\x08\x02\x10\x01\x18\x01 \x01(\x80 0\x00", "version 2", -EPROTONOSUPPORT),
	MESSAGE("\x08\x00\x10\x01\x18\x01 \x01(\x80 0\x00", "version 0", -EPROTONOSUPPORT),
	MESSAGE("\x08\x01\x10\x01\x18\x01 \x01(\x80 0\x02", "compression 2", -EPROTONOSUPPORT),
	/* pid 0 and -1, chunks of 0 and 1, too long, too many chunks */
	MESSAGE("\x08\x01\x10\x00\x18\x01 \x01(\x80 0\x00", "pid", -EBADMSG),
	MESSAGE("\x08\x01\x10\xff\xff\xff\xff\x0f\x18\x01 \x01(\x80 0\x00", "pid", -EBADMSG),
	MESSAGE("\x08\x01\x10\x01\x18\x01 \x01(\x00""0\x00", "chunk size", -EBADMSG),
	MESSAGE("\x08\x01\x10\x01\x18\x01 \x01(\x01""0\x00", "chunk size", -EBADMSG),
	MESSAGE("\x08\x01\x10\x01\x18\x01 \xff\xff\xff\xff\xff\xff\xff\xff\xff\x01(\x80 0\x00",
		"length", -EBADMSG),
	MESSAGE("\x08\x01\x10\x01\x18\x00 \xff\xff\xff\xff\xff\xff\xff\xff\x7f(\x80 0\x00",
		"too many", -EBADMSG),
	/* no length at all, a driver with a newline, no message */
	MESSAGE("\x08\x01\x10\x01\x18\x01(\x80 0\x00", "header", -EBADMSG),
	MESSAGE("\x08\x01\x10\x01\x18\x01 \x01(\x80 0\x00:\x02x\n", "driver", -EBADMSG),
	/* an id of 15 bytes, and of 17 */
	MESSAGE("\x08\x01\x10\x01\x18\x01 \x01(\x80 0\x00" "B\x0f" "123456789012345",
		"id", -EBADMSG),
	MESSAGE("\x08\x01\x10\x01\x18\x01 \x01(\x80 0\x00" "B\x11" "12345678901234567",
		"id", -EBADMSG),
	MESSAGE("\xff\xff\xff", "header", -EBADMSG),
	MESSAGE("", "header", -EBADMSG),
	/* more memory than the file has an index for */
	MESSAGE("\x08\x01\x10\x01\x18\x00 \x80\x80\x80\x80\x10(\x80 0\x00", "not complete", -ENODATA),
	/* clang-format on */
};

static void senseless_header_is_refused(void **state)
{
	struct memory_image_record records[2];
	struct world *world = *state;
	struct forged forged;

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
		begin(world, &forged, records);
		memset(forged.header + 4, 0, BLOCK - 4);
		forged.header[4] = (uint8_t)messages[i].size;
		memcpy(forged.header + 8, messages[i].message, messages[i].size);
		sign_header(&forged);
		finish(world, &forged, records);

		assert_int_equal(world_fill(world, 1), messages[i].ret);
		if (!strstr(world->reason, messages[i].reason))
			fail_msg("%s, and not %s", world->reason, messages[i].reason);
	}
}

static void message_longer_than_its_block_is_refused(void **state)
{
	static const uint32_t lengths[] = { 4081, 4096, 0x7fffffff, 0xffffffff };
	struct memory_image_record records[2];
	struct world *world = *state;
	struct forged forged;

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		begin(world, &forged, records);
		for (int j = 0; j < 4; j++)
			forged.header[4 + j] = (uint8_t)(lengths[i] >> 8 * j);
		sign_header(&forged);
		finish(world, &forged, records);
		assert_int_equal(world_fill(world, 1), -EBADMSG);
	}
}

/* What chunk 1 claims to be, and chunk 2 is good. */
static const struct memory_image_record bad_records[] = {
	{ 0, { MEMORY_CHUNK_PLAIN, CHUNK, 0 } },
	{ 1, { MEMORY_CHUNK_PLAIN, CHUNK, 0 } },
	{ BLOCK + 1, { MEMORY_CHUNK_PLAIN, CHUNK, 0 } },
	{ 4 * BLOCK, { MEMORY_CHUNK_PLAIN, CHUNK, 0 } }, /* half of it is the index */
	{ 5 * BLOCK, { MEMORY_CHUNK_PLAIN, CHUNK, 0 } },
	{ 1ull << 62, { MEMORY_CHUNK_PLAIN, CHUNK, 0 } },
	{ UINT64_MAX - BLOCK + 1, { MEMORY_CHUNK_PLAIN, CHUNK, 0 } },
	{ BLOCK, { MEMORY_CHUNK_PLAIN, CHUNK - 1, 0 } },
	{ BLOCK, { MEMORY_CHUNK_PLAIN, CHUNK + 1, 0 } },
	{ BLOCK, { MEMORY_CHUNK_PLAIN, UINT32_MAX, 0 } },
	{ BLOCK, { MEMORY_CHUNK_PLAIN, 0, 0 } },
	{ BLOCK, { MEMORY_CHUNK_ZSTD, 0, 0 } },
	{ BLOCK, { MEMORY_CHUNK_ZSTD, CHUNK, 0 } },
	{ BLOCK, { MEMORY_CHUNK_ZSTD, UINT32_MAX, 0 } },
	{ BLOCK, { (enum memory_chunk_form)3, CHUNK, 0 } },
	{ BLOCK, { (enum memory_chunk_form)UINT32_MAX, CHUNK, 0 } },
	{ BLOCK, { MEMORY_CHUNK_ZERO, 0, 0 } },
	{ 0, { MEMORY_CHUNK_ZERO, 1, 0 } },
	{ 0, { MEMORY_CHUNK_ZERO, 0, 1 } },
	/* Each makes sense, and leaves blocks that are nobody's. */
	{ 0, { MEMORY_CHUNK_ZERO, 0, 0 } },
	{ BLOCK, { MEMORY_CHUNK_ZSTD, 10, 0 } },
};

static void senseless_record_is_refused(void **state)
{
	struct memory_image_record records[2];
	struct world *world = *state;
	struct forged forged;

	for (size_t i = 0; i < ARRAY_SIZE(bad_records); i++) {
		int ret;

		begin(world, &forged, records);
		records[0] = bad_records[i];
		finish(world, &forged, records);

		ret = world_fill(world, 1);
		if (ret != -EBADMSG)
			fail_msg("record %zu: %d, %s", i, ret, world->reason);
		if (i + 2 < ARRAY_SIZE(bad_records))
			assert_non_null(strstr(world->reason, "chunk 1 of 2: its entry"));
		assert_int_equal(world->writes, 0);
	}
}

static void compressed_chunk_in_an_image_without_any_is_refused(void **state)
{
	struct memory_image_header header = good_header;
	struct memory_image_record records[2];
	struct world *world = *state;
	struct forged forged;

	begin(world, &forged, records);
	header.compression = MEMORY_IMAGE_PLAIN;
	memory_image_encode_header(&header, forged.header);
	records[0].stored.form = MEMORY_CHUNK_ZSTD;
	records[0].stored.size = CHUNK - 1;
	finish(world, &forged, records);

	assert_int_equal(world_fill(world, 1), -EBADMSG);
	assert_non_null(strstr(world->reason, "its entry"));
}

/* Put @size bytes as the first chunk, and the checksum of what they might make. */
static int fill_from_frame(struct world *world, const void *bytes, size_t size)
{
	struct memory_image_record records[2];
	struct forged forged;

	assert_in_range(size, BLOCK + 1, CHUNK - 1);
	begin(world, &forged, records);
	memcpy(forged.chunks, bytes, size);
	records[0].stored.form = MEMORY_CHUNK_ZSTD;
	records[0].stored.size = (uint32_t)size;
	records[0].stored.checksum = XXH3_64bits(world->memory, CHUNK);
	finish(world, &forged, records);
	return world_fill(world, 1);
}

static void frame_that_makes_another_size_is_refused(void **state)
{
	struct world *world = *state;
	uint8_t *memory, frame[2 * CHUNK];
	size_t size;

	/* Half of it is random: it gets smaller, and not less than a block. */
	world_have(world, 2 * CHUNK - 1, WORLD_RANDOM);
	memory = world->memory;
	memset(memory, 1, 3000);

	size = ZSTD_compress(frame, sizeof(frame), memory, CHUNK, 1);
	assert_int_equal(fill_from_frame(world, frame, size), 0);
	assert_memory_equal(world->filled, memory, CHUNK);

	assert_int_equal(fill_from_frame(world, frame, size - 1), -EBADMSG);
	frame[size] = 0;
	assert_int_equal(fill_from_frame(world, frame, size + 1), -EBADMSG);
	size = ZSTD_compress(frame, sizeof(frame), memory, CHUNK - 1, 1);
	assert_int_equal(fill_from_frame(world, frame, size), -EBADMSG);
	size = ZSTD_compress(frame, sizeof(frame), memory, CHUNK + 1, 1);
	assert_int_equal(fill_from_frame(world, frame, size), -EBADMSG);
	/* Two frames that make the chunk together. */
	size = ZSTD_compress(frame, sizeof(frame), memory, 6000, 1);
	size += ZSTD_compress(frame + size, sizeof(frame) - size, memory + 6000,
			      CHUNK - 6000, 1);
	assert_int_equal(fill_from_frame(world, frame, size), -EBADMSG);
	assert_int_equal(fill_from_frame(world, memory, BLOCK + 100), -EBADMSG);
}

#define test(f)                                                          \
	cmocka_unit_test_setup_teardown(f, memory_image_setup_in_memory, \
					memory_image_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(what_is_not_forged_is_good),
		test(senseless_header_is_refused),
		test(message_longer_than_its_block_is_refused),
		test(senseless_record_is_refused),
		test(compressed_chunk_in_an_image_without_any_is_refused),
		test(frame_that_makes_another_size_is_refused),
	};

	return cmocka_run_group_tests_name("memory_image_forged", tests, NULL, NULL);
}
