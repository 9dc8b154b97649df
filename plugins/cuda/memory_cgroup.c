/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_cgroup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "cgroup_directory.h"
#include "memory_file.h"

/* Both versions count in what is below the cgroup. */
static const struct {
	const char *limits[2];
	const char *usage;
	const char *reclaimable[2]; /* fields of memory.stat */
} versions[] = {
	[CGROUP_V1] = { { "memory.limit_in_bytes", NULL },
			"memory.usage_in_bytes",
			{ "total_inactive_file", "total_active_file" } },
	[CGROUP_V2] = { { "memory.max", "memory.high" },
			"memory.current",
			{ "inactive_file", "active_file" } },
};

/*
 * The root has no limits, neither has a cgroup without the controller, and one may vanish
 * while it is looked at.
 */
static bool cannot_be_seen(int error)
{
	return error == -ENOENT || error == -ENODEV || error == -EACCES;
}

/* MEMORY_FILE_MAX if there is no limit. */
static int read_limit(const char *directory, enum cgroup_version version,
		      uint64_t *ret_limit)
{
	uint64_t limit = MEMORY_FILE_MAX, number;

	for (size_t i = 0; i < 2 && versions[version].limits[i]; i++) {
		int ret = memory_file_read(directory, versions[version].limits[i], NULL,
					   &number);

		if (ret)
			return ret;
		if (number < limit)
			limit = number;
	}

	*ret_limit = limit;
	return 0;
}

/* What is used and stays used. */
static int read_used(const char *directory, enum cgroup_version version,
		     uint64_t *ret_used)
{
	uint64_t used, reclaimable;
	int ret;

	ret = memory_file_read(directory, versions[version].usage, NULL, &used);
	for (size_t i = 0; !ret && i < 2; i++) {
		ret = memory_file_read(directory, "memory.stat",
				       versions[version].reclaimable[i], &reclaimable);
		/* They are not of one moment. */
		if (!ret)
			used -= reclaimable < used ? reclaimable : used;
	}
	if (ret)
		return ret;

	*ret_used = used;
	return 0;
}

static int append(struct memory_cgroups *cgroups, const char *directory, uint64_t room)
{
	struct memory_cgroup *list, new = { .path = strdup(directory), .room = room };

	if (!new.path)
		return -ENOMEM;

	list = reallocarray(cgroups->list, cgroups->count + 1, sizeof(*list));
	if (!list) {
		free(new.path);
		return -ENOMEM;
	}

	cgroups->list = list;
	cgroups->list[cgroups->count++] = new;
	return 0;
}

static int look_at(const char *directory, enum cgroup_version version,
		   struct memory_cgroups *cgroups)
{
	uint64_t limit, used = 0;
	int ret;

	ret = read_limit(directory, version, &limit);
	if (!ret && limit != MEMORY_FILE_MAX)
		ret = read_used(directory, version, &used);
	if (cannot_be_seen(ret))
		return 0;
	if (ret || limit == MEMORY_FILE_MAX)
		return ret;

	return append(cgroups, directory, limit > used ? limit - used : 0);
}

/* From the cgroup of @pid up to the highest that is seen. */
static int look_upwards(pid_t pid, enum cgroup_version version,
			struct memory_cgroups *cgroups)
{
	char *directory autofree = NULL;
	size_t top;
	int ret;

	ret = cgroup_directory_of(pid, version, "memory", &directory, &top);
	if (ret)
		return ret == -ENOENT ? 0 : ret;

	do {
		ret = look_at(directory, version, cgroups);
	} while (!ret && cgroup_directory_up(directory, top));

	return ret;
}

int memory_cgroups_of(pid_t pid, struct memory_cgroups *ret_cgroups)
{
	struct memory_cgroups cgroups = { .list = NULL };
	int ret;

	/* The controller is in one of them, and its files are in that one only. */
	ret = look_upwards(pid, CGROUP_V2, &cgroups);
	if (!ret)
		ret = look_upwards(pid, CGROUP_V1, &cgroups);
	if (ret) {
		memory_cgroups_release(&cgroups);
		return ret;
	}

	*ret_cgroups = cgroups;
	return 0;
}

void memory_cgroups_release(struct memory_cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++)
		free(cgroups->list[i].path);
	free(cgroups->list);
	*cgroups = (struct memory_cgroups){ .list = NULL };
}
