/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_map.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "proc_file.h"

static int add(struct memory_map *map, struct memory_range range)
{
	struct memory_range *ranges;

	if (map->count && map->ranges[map->count - 1].end == range.begin) {
		map->ranges[map->count - 1].end = range.end;
		return 0;
	}

	/* One more, and room for as many again whenever their number is a power of 2. */
	if (!(map->count & (map->count - 1))) {
		ranges = reallocarray(map->ranges, map->count ? map->count * 2 : 1,
				      sizeof(*ranges));
		if (!ranges)
			return -ENOMEM;
		map->ranges = ranges;
	}
	map->ranges[map->count++] = range;
	return 0;
}

/* "7f0000000000-7f0010000000 rw-p 00000000 00:00 0 " */
static int take_line(struct memory_map *map, const char *line)
{
	struct memory_range range;
	uint64_t inode;
	char access[5];

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*x:%*x %" SCNu64, &range.begin,
		   &range.end, access, &inode) != 4 ||
	    range.begin >= range.end)
		return -EBADMSG;

	if (inode || strncmp(access, "rw", 2) != 0 || access[3] != 'p')
		return 0;

	return add(map, range);
}

static int read_lines(FILE *maps, struct memory_map *map)
{
	char *line autofree = NULL;
	size_t size = 0;
	int ret = 0;

	while (!ret) {
		errno = 0; /* a number that is out of range sets it, too */
		if (getline(&line, &size, maps) < 0)
			return feof(maps) ? 0 : proc_file_error(errno);

		ret = take_line(map, line);
	}

	return ret;
}

int memory_map_read(pid_t pid, struct memory_map *ret_map)
{
	struct memory_map map = { .count = 0 };
	FILE *maps autofclose = NULL;
	int ret;

	ret = proc_file_open(pid, "maps", &maps);
	if (ret)
		return ret;

	ret = read_lines(maps, &map);
	if (ret) {
		memory_map_release(&map);
		return ret;
	}

	*ret_map = map;
	return 0;
}

void memory_map_release(struct memory_map *map)
{
	free(map->ranges);
	*map = (struct memory_map){ .count = 0 };
}

bool memory_map_has(const struct memory_map *map, uint64_t address, uint64_t bytes)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];

		if (address >= range->begin && address <= range->end &&
		    bytes <= range->end - address)
			return true;
	}

	return false;
}
