/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_memory_cgroup.h"

#include <stdlib.h>
#include <string.h>

struct fake_memory_cgroups fake_memory_cgroups;

void fake_memory_cgroups_reset(void)
{
	memset(&fake_memory_cgroups, 0, sizeof(fake_memory_cgroups));
}

void fake_memory_cgroups_add(pid_t pid, const char *path, uint64_t room)
{
	size_t at = fake_memory_cgroups.count++;

	if (at == FAKE_MEMORY_CGROUPS_MAX)
		abort();
	fake_memory_cgroups.list[at].pid = pid;
	fake_memory_cgroups.list[at].path = path;
	fake_memory_cgroups.list[at].room = room;
}

int memory_cgroups_of(pid_t pid, struct memory_cgroups *ret_cgroups)
{
	struct memory_cgroup *list;
	size_t count = 0;

	fake_memory_cgroups.calls++;
	if (pid == fake_memory_cgroups.fail_pid)
		return fake_memory_cgroups.error;

	list = calloc(FAKE_MEMORY_CGROUPS_MAX, sizeof(*list));
	if (!list)
		abort();
	for (size_t i = 0; i < fake_memory_cgroups.count; i++) {
		if (fake_memory_cgroups.list[i].pid != pid)
			continue;

		list[count].path = strdup(fake_memory_cgroups.list[i].path);
		list[count++].room = fake_memory_cgroups.list[i].room;
	}

	fake_memory_cgroups.handed_out++;
	*ret_cgroups = (struct memory_cgroups){ .list = list, .count = count };
	return 0;
}

void memory_cgroups_release(struct memory_cgroups *cgroups)
{
	if (!cgroups->list)
		return;

	fake_memory_cgroups.handed_out--;
	for (size_t i = 0; i < cgroups->count; i++)
		free(cgroups->list[i].path);
	free(cgroups->list);
	*cgroups = (struct memory_cgroups){ .list = NULL };
}
