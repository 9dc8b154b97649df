/* SPDX-License-Identifier: GPL-2.0-only */
#include "roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const struct cuda_process *const *first = a, *const *second = b;

	return ((*first)->pid > (*second)->pid) - ((*first)->pid < (*second)->pid);
}

static void sort(struct roster *roster)
{
	qsort(roster->processes, roster->count, sizeof(*roster->processes), compare);
}

int roster_fill(struct roster *roster, const struct cuda_process *model,
		const pid_t *pids, size_t count)
{
	if (!count)
		return 0;
	roster->processes = calloc(count, sizeof(*roster->processes));
	if (!roster->processes)
		return -ENOMEM;

	for (; roster->count < count; roster->count++) {
		struct cuda_process *process = malloc(sizeof(*process));

		if (!process) {
			roster_release(roster);
			return -ENOMEM;
		}
		*process = *model;
		process->pid = pids[roster->count];
		roster->processes[roster->count] = process;
	}
	sort(roster);
	return 0;
}

void roster_drop(struct roster *roster,
		 bool (*has_to_go)(const struct cuda_process *process))
{
	size_t kept = 0;

	for (size_t i = 0; i < roster->count; i++) {
		if (has_to_go(roster->processes[i]))
			free(roster->processes[i]);
		else
			roster->processes[kept++] = roster->processes[i];
	}
	roster->count = kept;
}

int roster_take_over(struct roster *roster, struct roster *group)
{
	const size_t count = roster->count + group->count;
	struct cuda_process **processes;

	if (!group->count)
		return 0;
	processes = realloc(roster->processes, count * sizeof(*processes));
	if (!processes)
		return -ENOMEM;

	memcpy(processes + roster->count, group->processes,
	       group->count * sizeof(*processes));
	roster->processes = processes;
	roster->count = count;
	sort(roster);
	group->is_view = true;
	return 0;
}

struct cuda_process *roster_find(const struct roster *roster, pid_t pid)
{
	const struct cuda_process sought = { .pid = pid }, *key = &sought;
	struct cuda_process **found = NULL;

	if (roster->count)
		found = bsearch(&key, roster->processes, roster->count,
				sizeof(*roster->processes), compare);

	return found ? *found : NULL;
}

void roster_release(struct roster *roster)
{
	for (size_t i = 0; !roster->is_view && i < roster->count; i++)
		free(roster->processes[i]);
	free(roster->processes);
	*roster = (struct roster){ .count = 0 };
}
