/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a process is still the one it was, and still alive.
 *
 * A pid alone does not say: the kernel gives it to another process when the first has
 * been reaped. Pid and start time together name one process. Only reads /proc. Does
 * not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

/*
 * When @pid began, in the kernel's ticks since boot.
 *
 * Return: 0; -ESRCH if it is gone; -EBADMSG if /proc does not say; another -errno.
 */
int life_start(pid_t pid, uint64_t *ret_start) must_check;

/* Is the process that began as @pid at @start still there, other than as a zombie? */
bool life_goes_on(pid_t pid, uint64_t start);

/*
 * Has the process that began as @pid at @start ended, with all of its threads? It may be
 * a zombie while one of them still finishes what it is at in the kernel.
 */
bool life_is_over(pid_t pid, uint64_t start);

/*
 * Is @pid about to end: killed and not yet dead, or dead? It is then owed nothing, and
 * nothing can be asked of it.
 */
bool life_is_ending(pid_t pid);
