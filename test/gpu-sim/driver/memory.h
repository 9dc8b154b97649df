/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device memory of this process: which device address is what.
 *
 * A CUdeviceptr is a number from this table, not a place in memory: it stays
 * the same when a restore maps the memory somewhere else, or on another GPU.
 * Application threads are to hold the driver's lock; the restore thread needs
 * none once the gate is closed, and may not touch malloc, as another thread
 * can be stopped inside of it: memory_save() and memory_load() do not.
 */
#pragma once

#include <stdbool.h>

#include "gpu_link.h"

struct allocation {
	CUdeviceptr address;
	size_t bytes;
	int device;
	uint64_t handle;
	char *mapping; /* NULL while checkpointed */
	bool is_managed;
};

struct memory {
	struct allocation *list; /* by rising address */
	size_t count;
	CUdeviceptr next;
	char *saved; /* the host buffer, while checkpointed */
	size_t saved_bytes;
};

/* Allocate for @device, which is the GPU at place @gpu now. */
CUresult memory_allocate(struct memory *memory, struct gpu_link *link, int device,
			 uint32_t gpu, size_t bytes, CUdeviceptr *ret_address) must_check;

/*
 * The same, with one address for the device and for the program: where it is mapped. So
 * it cannot be saved: the program would go on using it.
 */
CUresult memory_allocate_managed(struct memory *memory, struct gpu_link *link, int device,
				 uint32_t gpu, size_t bytes,
				 CUdeviceptr *ret_address) must_check;

/* Is any of it managed? */
bool memory_has_managed(const struct memory *memory);

/* Return: CUDA_ERROR_INVALID_VALUE if @address is not the start of an allocation. */
CUresult memory_free(struct memory *memory, struct gpu_link *link,
		     CUdeviceptr address) must_check;

/* Where the @bytes at @address are in this process; NULL if they are not all ours. */
char *memory_at(const struct memory *memory, CUdeviceptr address, size_t bytes);

/*
 * Copy all of it, none of which is managed, into one new host buffer and free it on the
 * GPUs.
 *
 * Return: CUDA_SUCCESS, or CUDA_ERROR_OUT_OF_MEMORY and nothing changed.
 */
CUresult memory_save(struct memory *memory, struct gpu_link *link) must_check;

/*
 * Allocate all of it again, device d being the GPU at place @gpus[d], copy it
 * back and drop the buffer.
 *
 * Return: CUDA_SUCCESS, or the first failure, with the buffer as it was.
 */
CUresult memory_load(struct memory *memory, struct gpu_link *link,
		     const uint32_t *gpus) must_check;
