/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bring CUDA processes from rung to rung, all at once.
 *
 * All that is done with processes which are found is this, but for the lock of those that
 * run (lock.h). If one fails the others are waited for, and go on. What came of it
 * is noted for each; errors other than those named here are those of tool.h and
 * restore_thread.h. Logs failures.
 */
#pragma once

#include "cuda_process.h"

/*
 * Bring each of the @count @processes to @goal, whether the caller's thread holds it in
 * ptrace stops or it runs. Their restore threads are as they were before, on every
 * return. No program is run for one that is on @goal; one that is on an uncertain rung is
 * asked for it first.
 *
 * Return: 0; the first error. Of each: -ENODATA if it has no CUDA any more; -EBUSY if it
 * is in a state that no action leads out of; another -errno, after which it may be on an
 * uncertain rung.
 */
int climb_to(const struct tool *tool, struct cuda_process *const processes[],
	     size_t count, enum cuda_state goal) must_check;
