/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cgroups that limit the memory of a process, and the room in each.
 *
 * Room is the limit less what is used and cannot be reclaimed; files in the page cache
 * can. Of version 2 both memory.max and memory.high are limits: above the second nothing
 * is killed, but the kernel slows its processes down until next to nothing goes on. Swap
 * does not count (memory_room.h says why).
 *
 * Only reads. A cgroup that cannot be seen from here is passed over. Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

struct memory_cgroup {
	char *path;    /* its directory, as cgroup_directory.h has it; owned */
	uint64_t room; /* bytes */
};

struct memory_cgroups {
	struct memory_cgroup *list; /* owned */
	size_t count;
};

/*
 * The cgroups with a limit that @pid is in, from its own upwards.
 *
 * Return: 0 with *@ret_cgroups, to be released; there may be none. -ESRCH if there is no
 * such process; -EBADMSG if a file cannot be understood; -ENOMEM; another -errno if one
 * cannot be read.
 */
int memory_cgroups_of(pid_t pid, struct memory_cgroups *ret_cgroups) must_check;

/* Free what @cgroups holds; all zero is fine. */
void memory_cgroups_release(struct memory_cgroups *cgroups);
