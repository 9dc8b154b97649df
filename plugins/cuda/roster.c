/* SPDX-License-Identifier: GPL-2.0-only */
#include "roster.h"

#include <errno.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	const struct cuda_process *const *first = a, *const *second = b;

	return ((*first)->pid > (*second)->pid) - ((*first)->pid < (*second)->pid);
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
	qsort(roster->processes, count, sizeof(*roster->processes), compare);
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

/* Both are in order: from the end on, the greater goes to where there is room. */
static void merge(struct roster *roster, const struct roster *group)
{
	struct cuda_process **ours = roster->processes, **theirs = group->processes;
	size_t left = roster->count, coming = group->count;

	while (coming) {
		if (left && compare(&ours[left - 1], &theirs[coming - 1]) > 0) {
			ours[left + coming - 1] = ours[left - 1];
			left--;
		} else {
			ours[left + coming - 1] = theirs[coming - 1];
			coming--;
		}
	}
	roster->count += group->count;
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

	roster->processes = processes;
	merge(roster, group);
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
