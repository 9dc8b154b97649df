/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory of the cgroup that accounts for the memory of a process.
 *
 * As the calling process sees it: by its own mounts, in its own cgroup namespace. Only
 * reads /proc. Does not log.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"

enum cgroup_version {
	CGROUP_V1 = 1, /* the hierarchy of the memory controller */
	CGROUP_V2 = 2, /* the one hierarchy, which need not have that controller */
};

/*
 * Where the cgroup of @pid is, in the hierarchy of @version.
 *
 * Return: 0 with *@ret_path, to be freed, and in *@ret_top the length of the mount point
 * with which it begins: no cgroup above that can be seen. -ENOENT if the cgroup cannot be
 * seen: no such hierarchy, or it is mounted nowhere, or the cgroup is outside of what is
 * mounted; -ESRCH if there is no such process; -ENOMEM; another -errno if /proc cannot be
 * read.
 */
int cgroup_directory_of(pid_t pid, enum cgroup_version version, char **ret_path,
			size_t *ret_top) must_check;
