/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of pids, for trees of many thousand processes. Pure; does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"

/* All zero is the empty set. */
struct pid_set {
	pid_t *pids; /* in order */
	size_t count;
};

/* Add the @count @pids, none of which is in it. Return: 0; -ENOMEM, and nothing is added.
 */
int pid_set_add(struct pid_set *set, const pid_t *pids, size_t count) must_check;

/* Take those that are in @set out of the *@count @pids; the others close ranks. */
void pid_set_drop(const struct pid_set *set, pid_t *pids, size_t *count);

bool pid_set_has(const struct pid_set *set, pid_t pid);

void pid_set_release(struct pid_set *set);
