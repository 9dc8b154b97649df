/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directories of the cgroups that a process is in, from its own upwards.
 *
 * As the calling process sees it: by its own mounts, in its own cgroup namespace. Only
 * reads /proc. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"

enum cgroup_version {
	CGROUP_V1 = 1, /* a hierarchy for each controller, or for some together */
	CGROUP_V2 = 2, /* one hierarchy, which need not have all controllers */
};

/*
 * Where the cgroup of @pid is, in the hierarchy of @version, and there of @controller:
 * "memory", "cpu" or "cpuset". A process may be in one of each version.
 *
 * Return: 0 with *@ret_path, to be freed, and in *@ret_top the length of the mount point
 * with which it begins: no cgroup above that can be seen. -ENOENT if the cgroup cannot be
 * seen: no such hierarchy, or it is mounted nowhere, or the cgroup is outside of what is
 * mounted; -ESRCH if there is no such process; -ENOMEM; another -errno if /proc cannot be
 * read.
 */
int cgroup_directory_of(pid_t pid, enum cgroup_version version, const char *controller,
			char **ret_path, size_t *ret_top) must_check;

/*
 * Cut @path, to which @top belongs, to the directory of the cgroup above it.
 *
 * Return: false, and it is as before, if no cgroup above it can be seen.
 */
bool cgroup_directory_up(char *path, size_t top);
