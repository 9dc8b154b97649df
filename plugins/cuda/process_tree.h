/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes below a process.
 *
 * Only reads /proc, for processes that live on meanwhile. Does not log.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"

/*
 * List @root and all processes below it: @root first, each one after its parent, each
 * once. One that ends meanwhile, or has ended and is not yet reaped, is passed over; one
 * that begins meanwhile may be, too. So may a process, by the kernel's own list of
 * children, in the moment in which one of its siblings, or the thread that forked it,
 * ends: what must be whole is asked for again once the processes are frozen.
 *
 * Return: 0 with *@ret_pids, which the caller frees, and *@ret_count, at least 1; -ESRCH
 * if @root has ended; -ENOSYS if this kernel does not list children
 * (CONFIG_PROC_CHILDREN, which CRIU needs too); -EBADMSG if what it lists makes no sense;
 * another -errno if /proc cannot be read.
 */
int process_tree_list(pid_t root, pid_t **ret_pids, size_t *ret_count) must_check;
