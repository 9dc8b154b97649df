/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a process has private anonymous memory that it can read and write: the kind that
 * the driver's host buffer is. From /proc/PID/maps. Only reads. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

struct memory_range {
	uint64_t begin, end;
};

/* All zero is an empty one. */
struct memory_map {
	struct memory_range *ranges; /* owned; none touches the next */
	size_t count;
};

/*
 * The ranges of @pid, in the order of their addresses. The kernel may show what was
 * mapped at once as several mappings, and several as one: what touches is one range.
 *
 * Return: 0 with a map to be released; -ESRCH; -EBADMSG if a line makes no sense;
 * -ENOMEM; another -errno if it cannot be read.
 */
int memory_map_read(pid_t pid, struct memory_map *ret_map) must_check;

void memory_map_release(struct memory_map *map);

/* Are all @bytes from @address on in one range? */
bool memory_map_has(const struct memory_map *map, uint64_t address, uint64_t bytes);
