/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "criu-cuda recover": bring processes that somebody left locked or checkpointed back to
 * running.
 *
 * Refused is one that somebody else has in his hands: who traces it, a run of the
 * utility, and a CRIU, or the guardian of a dump, which says that it dumps a tree that
 * has it, or does not say which. Refused too is one whose GPU memory is in an image of
 * its own, since the driver would restore zeros: unless that image is there, and fits;
 * then it is put back first. A failed restore can be tried again.
 *
 * What came of each is printed, a line for each; why one is refused or fails is logged.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "host_buffer.h"
#include "tool.h"

/*
 * @images: where the images of the dump are, with a dirfd of -1 if the user has not said.
 *
 * Return: do all of the @count @pids run now, or do not use CUDA?
 */
bool recovery_run(FILE *stream, const struct tool *tool,
		  const struct host_buffer_images *images, const pid_t *pids,
		  size_t count) must_check;

/*
 * Those of @root and all processes below it that may use CUDA.
 *
 * Return: 0 with *@ret_pids, which the caller frees, and *@ret_count; -ESRCH if @root has
 * ended; another -errno. Logs.
 */
int recovery_list_tree(pid_t root, pid_t **ret_pids, size_t *ret_count) must_check;
