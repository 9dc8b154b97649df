/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CUDA processes, found by their pids.
 *
 * A process stays where it is in memory as long as it is on a roster. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"
#include "cuda_process.h"

/* All zero is an empty one. Needs roster_release(). */
struct roster {
	struct cuda_process **processes; /* in the order of their pids */
	size_t count;
	bool is_view; /* they belong to another one */
};

/*
 * Put a process for each of the @count @pids on @roster, which is empty: all like @model
 * but for the pid.
 *
 * Return: 0; -ENOMEM, and it is empty.
 */
int roster_fill(struct roster *roster, const struct cuda_process *model,
		const pid_t *pids, size_t count) must_check;

/* Take those of which @has_to_go says so out again. */
void roster_drop(struct roster *roster,
		 bool (*has_to_go)(const struct cuda_process *process));

/*
 * Put all of @group on @roster too, to which they belong from now on; @group is a view of
 * them. Return: 0; -ENOMEM, and nothing has changed.
 */
int roster_take_over(struct roster *roster, struct roster *group) must_check;

/* Borrowed, or NULL. */
struct cuda_process *roster_find(const struct roster *roster, pid_t pid);

void roster_release(struct roster *roster);
