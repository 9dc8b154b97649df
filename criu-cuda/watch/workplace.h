/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory of images on which a process is worked on. Only reads /proc. Does not
 * log.
 */
#pragma once

#include <sys/types.h>

#include "cleanup.h"

/*
 * @pid is a CRIU, or a process that one traces, or the root of the tree that one dumps.
 *
 * Return: the directory of images that this CRIU has open, for the caller: at the
 * beginning of a dump it has none yet, and it is the first that is open; -ESRCH if there
 * is no such process; -ENOENT if no CRIU is at work on it; -ENOTDIR if that has no
 * directory open, yet; another -errno.
 */
int workplace_of(pid_t pid) must_check;
