/* SPDX-License-Identifier: GPL-2.0-only */
#include "app_memory.h"

#include <stdlib.h>
#include <unistd.h>

#include "app.h"

#define CHUNK_WORDS    (256UL << 10)
#define CHUNK_BYTES    (CHUNK_WORDS * sizeof(uint32_t))
#define STRETCH_CHUNKS 64

static CUcontext context;

void app_check(CUresult result, const char *what)
{
	const char *text = "an error that has no name";

	if (result == CUDA_SUCCESS)
		return;
	if (cuGetErrorString(result, &text) != CUDA_SUCCESS)
		text = "an error that has no name";
	app_fail("%s: %s (%d)", what, text, (int)result);
}

void app_cuda_start(unsigned int gpu)
{
	CUdevice device;

	APP_CHECK(cuInit(0));
	APP_CHECK(cuDeviceGet(&device, (int)gpu));
	APP_CHECK(cuDevicePrimaryCtxRetain(&context, device));
	app_cuda_join();
}

void app_cuda_join(void)
{
	APP_CHECK(cuCtxSetCurrent(context));
}

/* Differs in every word that is not alike, and in all from one count to the next. */
static uint32_t pattern(uint32_t count, unsigned int alike, size_t word)
{
	return (uint32_t)(word >> alike) * 2654435761U + count * 2246822519U + 374761393U;
}

/* What is left of the pattern in the chunk at @offset: all of it, or nothing. */
static uint32_t pattern_mask(const struct app_memory *memory, size_t offset)
{
	size_t chunk = offset / CHUNK_BYTES % STRETCH_CHUNKS;

	return chunk * 100 < (size_t)memory->zeros * STRETCH_CHUNKS ? 0 : UINT32_MAX;
}

static size_t chunk_bytes(const struct app_memory *memory, size_t offset)
{
	size_t left = memory->bytes - offset;

	return left < CHUNK_BYTES ? left : CHUNK_BYTES;
}

static void fill(struct app_memory *memory, uint32_t count)
{
	const unsigned int alike = memory->alike;

	for (size_t at = 0; at < memory->bytes; at += CHUNK_BYTES) {
		size_t bytes = chunk_bytes(memory, at);
		uint32_t mask = pattern_mask(memory, at);

		for (size_t i = 0; i < bytes / sizeof(uint32_t); i++)
			memory->chunk[i] =
				pattern(count, alike, at / sizeof(uint32_t) + i) & mask;
		APP_CHECK(cuMemcpyHtoD(memory->data + at, memory->chunk, bytes));
	}
}

void app_memory_init_with(struct app_memory *memory, unsigned int mib,
			  const struct app_memory_content *content)
{
	memory->bytes = (size_t)mib << 20;
	memory->zeros = content->zeros;
	memory->alike = content->alike;
	memory->chunk = malloc(CHUNK_BYTES);
	if (!memory->chunk)
		app_fail("no host memory");
	APP_CHECK(cuMemAlloc(&memory->count, sizeof(uint32_t)));
	APP_CHECK(cuMemAlloc(&memory->data, memory->bytes));
	APP_CHECK(cuMemsetD32(memory->count, 0, 1));
	fill(memory, 0);
}

void app_memory_init(struct app_memory *memory, unsigned int mib)
{
	const struct app_memory_content content = { 0 };

	app_memory_init_with(memory, mib, &content);
}

static uint32_t read_count(const struct app_memory *memory)
{
	uint32_t count;

	APP_CHECK(cuMemcpyDtoH(&count, memory->count, sizeof(count)));
	return count;
}

/* Without a branch for each word, so that the compiler makes it fast. */
static void check_chunk(const struct app_memory *memory, uint32_t count, size_t at,
			size_t words)
{
	const unsigned int alike = memory->alike;
	size_t first = at / sizeof(uint32_t);
	uint32_t mask = pattern_mask(memory, at), wrong = 0;

	for (size_t i = 0; i < words; i++)
		wrong |= memory->chunk[i] ^ (pattern(count, alike, first + i) & mask);
	for (size_t i = 0; wrong && i < words; i++) {
		uint32_t right = pattern(count, alike, first + i) & mask;

		if (memory->chunk[i] != right)
			app_fail("count %u: memory is wrong at byte %zu: %08x, not %08x",
				 count, at + i * sizeof(uint32_t), memory->chunk[i],
				 right);
	}
}

uint32_t app_memory_check(struct app_memory *memory)
{
	uint32_t count = read_count(memory);

	for (size_t at = 0; at < memory->bytes; at += CHUNK_BYTES) {
		size_t bytes = chunk_bytes(memory, at);

		APP_CHECK(cuMemcpyDtoH(memory->chunk, memory->data + at, bytes));
		check_chunk(memory, count, at, bytes / sizeof(uint32_t));
	}
	return count;
}

void app_memory_advance(struct app_memory *memory)
{
	uint32_t next = read_count(memory) + 1;

	fill(memory, next);
	APP_CHECK(cuMemsetD32(memory->count, next, 1));
}

void app_memory_run(struct app_memory *memory, unsigned int interval_ms,
		    unsigned int steps)
{
	for (unsigned int step = 0; !steps || step < steps; step++) {
		app_memory_advance(memory);
		app_sleep_ms(interval_ms);
		app_say("count %u", app_memory_check(memory));
	}
}
