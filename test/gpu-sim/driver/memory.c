/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory.h"

#include <string.h>
#include <sys/mman.h>

static const CUdeviceptr first_address = 0x302000000;
static const CUdeviceptr alignment = 2 << 20;

/* Managed memory comes in where the kernel mapped it. */
static CUresult insert(struct memory *memory, const struct allocation *allocation)
{
	struct allocation *more;
	size_t at = memory->count;

	more = reallocarray(memory->list, memory->count + 1, sizeof(*more));
	if (!more)
		return CUDA_ERROR_OUT_OF_MEMORY;
	memory->list = more;
	while (at && more[at - 1].address > allocation->address)
		at--;
	memmove(&more[at + 1], &more[at], (memory->count - at) * sizeof(*more));
	more[at] = *allocation;
	memory->count++;
	return CUDA_SUCCESS;
}

/* Addresses are not used twice, so that a stale one is seen. */
static CUdeviceptr take_address(struct memory *memory, size_t bytes)
{
	CUdeviceptr address = memory->next ? memory->next : first_address;

	memory->next = address + (bytes + alignment - 1) / alignment * alignment;
	return address;
}

static CUresult allocate(struct memory *memory, struct gpu_link *link, uint32_t gpu,
			 struct allocation new, CUdeviceptr *ret_address)
{
	CUresult ret;

	ret = gpu_link_allocate(link, gpu, new.bytes, &new.handle, &new.mapping);
	if (ret)
		return ret;
	new.address = new.is_managed ? (CUdeviceptr)(uintptr_t) new.mapping
				     : take_address(memory, new.bytes);
	ret = insert(memory, &new);
	if (ret) {
		gpu_link_free(link, new.handle, new.mapping, new.bytes);
		return ret;
	}
	*ret_address = new.address;
	return CUDA_SUCCESS;
}

CUresult memory_allocate(struct memory *memory, struct gpu_link *link, int device,
			 uint32_t gpu, size_t bytes, CUdeviceptr *ret_address)
{
	return allocate(memory, link, gpu,
			(struct allocation){ .bytes = bytes, .device = device },
			ret_address);
}

CUresult memory_allocate_managed(struct memory *memory, struct gpu_link *link, int device,
				 uint32_t gpu, size_t bytes, CUdeviceptr *ret_address)
{
	const struct allocation new = { .bytes = bytes,
					.device = device,
					.is_managed = true };

	return allocate(memory, link, gpu, new, ret_address);
}

bool memory_has_managed(const struct memory *memory)
{
	for (size_t i = 0; i < memory->count; i++) {
		if (memory->list[i].is_managed)
			return true;
	}
	return false;
}

static struct allocation *find(const struct memory *memory, CUdeviceptr address)
{
	size_t low = 0, high = memory->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct allocation *at = &memory->list[middle];

		if (address < at->address)
			high = middle;
		else if (address - at->address >= at->bytes)
			low = middle + 1;
		else
			return at;
	}
	return NULL;
}

CUresult memory_free(struct memory *memory, struct gpu_link *link, CUdeviceptr address)
{
	struct allocation *found = find(memory, address);
	struct allocation gone;

	if (!found || found->address != address)
		return CUDA_ERROR_INVALID_VALUE;
	gone = *found;
	memmove(found, found + 1,
		(size_t)(memory->list + memory->count - (found + 1)) * sizeof(*found));
	memory->count--;
	return gpu_link_free(link, gone.handle, gone.mapping, gone.bytes);
}

char *memory_at(const struct memory *memory, CUdeviceptr address, size_t bytes)
{
	const struct allocation *found = find(memory, address);
	size_t offset;

	if (!found)
		return NULL;
	offset = address - found->address;
	return bytes <= found->bytes - offset ? found->mapping + offset : NULL;
}

static size_t bytes_of_all(const struct memory *memory)
{
	size_t bytes = 0;

	for (size_t i = 0; i < memory->count; i++)
		bytes += memory->list[i].bytes;
	return bytes;
}

/* A little more than the memory, and populated, as the real driver does it. */
static CUresult make_buffer(struct memory *memory)
{
	const size_t page = 4096, slack = 2 << 20;
	size_t bytes = (bytes_of_all(memory) + page - 1) / page * page + slack;
	void *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (buffer == MAP_FAILED)
		return CUDA_ERROR_OUT_OF_MEMORY;
	memory->saved = buffer;
	memory->saved_bytes = bytes;
	return CUDA_SUCCESS;
}

static void drop_buffer(struct memory *memory)
{
	munmap(memory->saved, memory->saved_bytes);
	memory->saved = NULL;
}

/* That the GPU process is gone harms nothing here: the data are saved. */
static void free_first(struct memory *memory, struct gpu_link *link, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct allocation *at = &memory->list[i];

		gpu_link_free(link, at->handle, at->mapping, at->bytes);
		at->mapping = NULL;
	}
}

CUresult memory_save(struct memory *memory, struct gpu_link *link)
{
	CUresult ret = make_buffer(memory);
	char *to = memory->saved;

	if (ret)
		return ret;
	for (size_t i = 0; i < memory->count; i++) {
		memcpy(to, memory->list[i].mapping, memory->list[i].bytes);
		to += memory->list[i].bytes;
	}
	free_first(memory, link, memory->count);
	return CUDA_SUCCESS;
}

CUresult memory_load(struct memory *memory, struct gpu_link *link, const uint32_t *gpus)
{
	const char *from = memory->saved;

	for (size_t i = 0; i < memory->count; i++) {
		struct allocation *at = &memory->list[i];
		CUresult ret = gpu_link_allocate(link, gpus[at->device], at->bytes,
						 &at->handle, &at->mapping);

		if (ret) {
			free_first(memory, link, i);
			return ret;
		}
		memcpy(at->mapping, from, at->bytes);
		from += at->bytes;
	}
	drop_buffer(memory);
	return CUDA_SUCCESS;
}
