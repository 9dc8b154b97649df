/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that share GPU memory, which a checkpoint would destroy.
 *
 * A driver before r610 checkpoints them, says that all is well, and can neither restore
 * nor unlock them ever after. What cannot be brought back is refused before it is
 * touched: unless gpu_sharing_survives(), gpu_sharing_find() comes before the first
 * lock.
 *
 * Found are ranks that share through NCCL, as PyTorch runs them: they have the threads
 * that it starts with a communicator. Not libnccl, which PyTorch maps without one, and
 * does not map if it was built with the library inside. So others who share are not
 * found: a program that calls NCCL or CUDA IPC itself, and a rank whose only peers are
 * outside of the tree. And these are found, though they share nothing: ranks of jobs of
 * one rank each; ranks that were told not to share in another way than by their first
 * environment (nccl.conf, os.environ).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"

/*
 * Does the driver that @version_file tells of bring back processes that share, that is,
 * is it of r610 or newer? False too if the file is not there or makes no sense: what is
 * not known to be safe is not safe. Does not log.
 */
bool gpu_sharing_survives(const char *version_file) must_check;

/*
 * Which of @pids, the CUDA processes of a tree, share GPU memory through NCCL? If two or
 * more are ranks: those of them that were not started with both NCCL_P2P_DISABLE=1 and
 * NCCL_SHM_DISABLE=1. (NCCL documents no other value for them; one of the two alone does
 * not help.) One rank alone has no peer here: one process may use several GPUs. One that
 * has ended is passed over.
 *
 * Return: 0 with *@ret_count, 0 if there are none, and *@ret_pids, which the caller
 * frees; -errno if /proc cannot be read (logged with the pid).
 */
int gpu_sharing_find(const pid_t pids[], size_t count, pid_t **ret_pids,
		     size_t *ret_count) must_check;

/*
 * Log the @count processes that gpu_sharing_find() found: as an error with the reason and
 * the remedies if they are @refused, else as a warning.
 */
void gpu_sharing_log(const pid_t pids[], size_t count, bool refused);
