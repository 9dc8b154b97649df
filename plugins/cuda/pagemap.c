/* SPDX-License-Identifier: GPL-2.0-only */
#include "pagemap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "proc_file.h"

#define PATH_SIZE 32 /* "/proc/PID/pagemap" */

/* Of an entry: the page is in memory, or in swap. */
#define PAGE_THERE (UINT64_C(3) << 62)

/* --- the kernel's words, which <linux/fs.h> has since 6.7 --------------------------- */

#define IS_PRESENT (UINT64_C(1) << 3)
#define IS_SWAPPED (UINT64_C(1) << 4)

struct scan_region {
	uint64_t begin, end, categories;
};

struct scan {
	uint64_t size, flags;
	uint64_t begin, end, walk_end;
	uint64_t regions, regions_max; /* the first is an address */
	uint64_t pages_max;
	uint64_t inverted, mask, any_of, returned; /* of categories */
};

#define SCAN _IOWR('f', 16, struct scan)

/* ------------------------------------------------------------------------------------ */

int pagemap_open(pid_t pid, struct pagemap *ret_pagemap)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	*ret_pagemap = (struct pagemap){
		.fd = open(path, O_RDONLY | O_CLOEXEC),
		.can_scan = true,
		.entry = (uint64_t)sysconf(_SC_PAGESIZE),
	};

	return ret_pagemap->fd < 0 ? proc_file_error(errno) : 0;
}

void pagemap_close(struct pagemap *pagemap)
{
	cleanup_close(&pagemap->fd);
	pagemap->fd = -1;
}

static uint64_t round_up(uint64_t address, uint64_t step)
{
	return (address + step - 1) / step * step;
}

/* Return: as pagemap_next(); -ENOTTY if this kernel has no such thing. */
static int next_by_scan(const struct pagemap *pagemap, uint64_t address, uint64_t end,
			uint64_t step, uint64_t *ret_address)
{
	struct scan_region region = { .begin = 0 };
	struct scan scan = {
		.size = sizeof(scan),
		.end = end,
		.regions = (uintptr_t)&region,
		.regions_max = 1,
		.pages_max = 1, /* more are not looked at, however many there are */
		.any_of = IS_PRESENT | IS_SWAPPED,
		.returned = IS_PRESENT | IS_SWAPPED,
	};
	uint64_t next;
	int found;

	for (; address < end; address = round_up(region.end, step)) {
		scan.begin = address;
		found = ioctl(pagemap->fd, SCAN, &scan);
		if (found < 0)
			return errno == EINVAL ? -ENOTTY : -errno;
		if (!found)
			return -ENOENT;

		next = round_up(region.begin, step);
		if (next < region.end) {
			*ret_address = next;
			return 0;
		}
	}

	return -ENOENT;
}

static int next_by_entry(const struct pagemap *pagemap, uint64_t address, uint64_t end,
			 uint64_t step, uint64_t *ret_address)
{
	uint64_t entry;
	ssize_t got;

	for (; address < end; address += step) {
		got = pread(pagemap->fd, &entry, sizeof(entry),
			    (off_t)(address / pagemap->entry * sizeof(entry)));
		if (got < 0)
			return -errno;
		if (got != sizeof(entry))
			return -ESRCH;
		if (entry & PAGE_THERE) {
			*ret_address = address;
			return 0;
		}
	}

	return -ENOENT;
}

int pagemap_next(struct pagemap *pagemap, uint64_t address, uint64_t end, uint64_t step,
		 uint64_t *ret_address)
{
	int ret;

	if (pagemap->can_scan) {
		ret = next_by_scan(pagemap, address, end, step, ret_address);
		if (ret != -ENOTTY)
			return ret;
		pagemap->can_scan = false;
	}

	return next_by_entry(pagemap, address, end, step, ret_address);
}
