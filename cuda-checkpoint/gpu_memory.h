/* SPDX-License-Identifier: MIT */
/*
 * How much GPU memory processes hold, by the driver's account of it (NVML).
 *
 * The account is of all GPUs that NVML shows, and includes what CUDA itself takes (the
 * context). A checkpointed process holds nothing, and NVML does not name it.
 */
#pragma once

#include <stddef.h>

#include "cleanup.h"
#include "libnvml.h"

/*
 * Print one line to stdout for each of the @count @pids, in their order: the pid and its
 * bytes on all GPUs together, or "unknown" where NVML does not name the process or does
 * not know. All or nothing is printed; it may still be in stdout's buffer on return.
 *
 * Return: 0; -EIO if NVML failed; -ENODEV if there is no GPU; -ENOMEM. All are reported
 * on stderr, in one line.
 */
int gpu_memory_print(const int *pids, size_t count,
		     const struct libnvml *libnvml) must_check;
