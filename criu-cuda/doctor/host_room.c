/* SPDX-License-Identifier: GPL-2.0-only */
#include "host_room.h"

#include <stdio.h>

#include "memory_cgroup.h"
#include "memory_file.h"

#define PROC	"/proc"
#define MEMINFO "meminfo"

static void set(struct host_room *room, uint64_t bytes, const char *place)
{
	room->bytes = bytes;
	snprintf(room->place, sizeof(room->place), "%.120s", place);
}

int host_room_find(struct host_room *ret_room)
{
	struct memory_cgroups cgroups = { .count = 0 };
	uint64_t available = 0;
	int ret;

	ret = memory_file_read(PROC, MEMINFO, "MemAvailable", &available);
	if (!ret)
		ret = memory_cgroups_of(getpid(), &cgroups);
	if (ret)
		return ret;

	set(ret_room, available, "the machine");
	for (size_t i = 0; i < cgroups.count; i++)
		if (cgroups.list[i].room < ret_room->bytes)
			set(ret_room, cgroups.list[i].room, cgroups.list[i].path);
	memory_cgroups_release(&cgroups);
	return 0;
}

uint64_t host_room_swap(void)
{
	uint64_t free_bytes = 0;

	return memory_file_read(PROC, MEMINFO, "SwapFree", &free_bytes) ? 0 : free_bytes;
}
