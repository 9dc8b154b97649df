/* SPDX-License-Identifier: GPL-2.0-only */
#include "buffer_marker.h"

#include <errno.h>
#include <string.h>

#include "memory_map.h"
#include "pagemap.h"
#include "remote_memory.h"

/* Where a huge page begins, which may come in place of a small one. */
#define HUGE_PAGE (UINT64_C(2) << 20)

struct page {
	char magic[32];
	struct {
		uint8_t id[BUFFER_MARKER_ID_SIZE];
		uint64_t address, bytes;
	} marker;
};

_Static_assert(sizeof(struct page) == BUFFER_MARKER_SIZE, "as the header has it");

static const char magic[32] = "CRIU CUDA plugin: memory is in\n";

uint64_t buffer_marker_place(uint64_t address, uint64_t bytes)
{
	return (address + bytes / 2) / HUGE_PAGE * HUGE_PAGE;
}

int buffer_marker_put(pid_t pid, const struct buffer_marker *marker)
{
	struct page page = { .marker.address = marker->address,
			     .marker.bytes = marker->bytes };

	memcpy(page.magic, magic, sizeof(magic));
	memcpy(page.marker.id, marker->id, sizeof(marker->id));
	return remote_memory_write(pid,
				   buffer_marker_place(marker->address, marker->bytes),
				   &page, sizeof(page));
}

int buffer_marker_read(pid_t pid, uint64_t address, uint64_t bytes,
		       struct buffer_marker *ret_marker)
{
	struct page page;
	int ret;

	ret = remote_memory_read(pid, buffer_marker_place(address, bytes), &page,
				 sizeof(page));
	if (ret)
		return ret == -EFAULT ? -ENOENT : ret;
	if (memcmp(page.magic, magic, sizeof(magic)) != 0 ||
	    page.marker.address != address || page.marker.bytes != bytes)
		return -ENOENT;

	ret_marker->address = address;
	ret_marker->bytes = bytes;
	memcpy(ret_marker->id, page.marker.id, sizeof(page.marker.id));
	return 0;
}

/* --- looking for it ----------------------------------------------------------------- */

struct search {
	pid_t pid;
	struct pagemap pagemap;
	struct buffer_marker *found; /* the caller's */
};

/* Return: 1 if @address has a marker of a buffer in @range; 0; -errno. */
static int look_at(const struct search *search, const struct memory_range *range,
		   uint64_t address)
{
	struct page page;
	int ret;

	ret = remote_memory_read(search->pid, address, &page, sizeof(page));
	/* A page that nobody can read, as a guard of a stack, is said to be there. */
	if (ret)
		return ret == -EFAULT ? 0 : ret;
	if (memcmp(page.magic, magic, sizeof(magic)) != 0 ||
	    page.marker.address < range->begin || page.marker.address > range->end ||
	    page.marker.bytes > range->end - page.marker.address ||
	    buffer_marker_place(page.marker.address, page.marker.bytes) != address)
		return 0;

	search->found->address = page.marker.address;
	search->found->bytes = page.marker.bytes;
	memcpy(search->found->id, page.marker.id, sizeof(page.marker.id));
	return 1;
}

/* Return: as look_at(). */
static int search_range(struct search *search, const struct memory_range *range)
{
	uint64_t address =
		range->begin + (HUGE_PAGE - range->begin % HUGE_PAGE) % HUGE_PAGE;
	int ret = 0;

	for (; !ret; address += HUGE_PAGE) {
		ret = pagemap_next(&search->pagemap, address, range->end, HUGE_PAGE,
				   &address);
		if (ret == -ENOENT)
			return 0;
		if (!ret)
			ret = look_at(search, range, address);
	}

	return ret;
}

static int search_map(struct search *search, const struct memory_map *map)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];

		if (range->end - range->begin >= BUFFER_MARKER_BYTES_MIN)
			ret = search_range(search, range);
	}
	if (ret < 0)
		return ret;

	return ret ? 0 : -ENOENT;
}

int buffer_marker_find(pid_t pid, struct buffer_marker *ret_marker)
{
	struct search search = { .pid = pid, .found = ret_marker };
	struct memory_map map;
	int ret;

	ret = memory_map_read(pid, &map);
	if (ret)
		return ret;

	ret = pagemap_open(pid, &search.pagemap);
	if (!ret)
		ret = search_map(&search, &map);

	pagemap_close(&search.pagemap);
	memory_map_release(&map);
	return ret;
}
