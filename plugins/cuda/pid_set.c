/* SPDX-License-Identifier: GPL-2.0-only */
#include "pid_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const pid_t *first = a, *second = b;

	return (*first > *second) - (*first < *second);
}

/* A newcomer mostly has a greater pid than all before it: none has to make way. */
static void insert(struct pid_set *set, pid_t pid)
{
	size_t at = set->count++;

	for (; at > 0 && set->pids[at - 1] > pid; at--)
		set->pids[at] = set->pids[at - 1];
	set->pids[at] = pid;
}

static void append(struct pid_set *set, const pid_t *pids, size_t count)
{
	memcpy(set->pids + set->count, pids, count * sizeof(*pids));
	set->count += count;
	qsort(set->pids, set->count, sizeof(*set->pids), compare);
}

int pid_set_add(struct pid_set *set, const pid_t *pids, size_t count)
{
	pid_t *room;

	if (!count)
		return 0;
	room = realloc(set->pids, (set->count + count) * sizeof(*room));
	if (!room)
		return -ENOMEM;

	set->pids = room;
	if (count == 1)
		insert(set, *pids);
	else
		append(set, pids, count);
	return 0;
}

bool pid_set_has(const struct pid_set *set, pid_t pid)
{
	return set->count &&
	       bsearch(&pid, set->pids, set->count, sizeof(*set->pids), compare);
}

void pid_set_drop(const struct pid_set *set, pid_t *pids, size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (!pid_set_has(set, pids[i]))
			pids[kept++] = pids[i];
	*count = kept;
}

void pid_set_release(struct pid_set *set)
{
	free(set->pids);
	*set = (struct pid_set){ .count = 0 };
}
