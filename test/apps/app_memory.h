/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device memory that checks itself.
 *
 * The count lives on the device and nowhere else; the rest of the memory is
 * filled with a pattern that follows from the count, but for stretches of zeros
 * if they are asked for. Every error of CUDA and every wrong byte ends the
 * program with a line on stderr.
 */
#pragma once

#include <stddef.h>

#include "cuda.h"

struct app_memory {
	CUdeviceptr count;
	CUdeviceptr data;
	size_t bytes;
	unsigned int zeros, alike; /* its content */
	uint32_t *chunk;	   /* a window of host memory */
};

/* End the program if @result is not a success; @what is the call that was made. */
void app_check(CUresult result, const char *what);
#define APP_CHECK(call) app_check(call, #call)

/* cuInit, and a context on GPU @gpu for the calling thread. */
void app_cuda_start(unsigned int gpu);

/* The context that app_cuda_start() made, for another thread. */
void app_cuda_join(void);

/* Allocate @mib of device memory and fill it for count 0. */
void app_memory_init(struct app_memory *memory, unsigned int mib);

/* What it is filled with. All zero: words of which none is like another. */
struct app_memory_content {
	unsigned int zeros; /* percent of each 64 MiB, the first, that stay zeros */
	unsigned int alike; /* 2 to this power of words in a row are the same */
};

/* The same, with that. */
void app_memory_init_with(struct app_memory *memory, unsigned int mib,
			  const struct app_memory_content *content);

/* Read the count off the device, and check all the memory against it. */
uint32_t app_memory_check(struct app_memory *memory);

/* Read the count, fill the memory for the next one and set that. */
void app_memory_advance(struct app_memory *memory);

/*
 * Advance, sleep, check and say "count N", @steps times (0: for ever). The
 * check comes after the sleep: it sees what became of the memory meanwhile.
 */
void app_memory_run(struct app_memory *memory, unsigned int interval_ms,
		    unsigned int steps);
