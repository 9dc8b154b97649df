/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which processes are CUDA processes, and all that must be known of them before they are
 * touched.
 *
 * Only looks and asks. What has ended is passed over. Logs failures.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "roster.h"
#include "survey.h"
#include "tool.h"

/*
 * Those of the @count @pids, processes that run, and on which rungs they are found;
 * @timeout_ms bounds each run that asks, 0 means no limit.
 *
 * Return: 0 with them on *@ret_group, for roster_release(); -EAGAIN if one is about to
 * become a CUDA process; -EBUSY if one is stopped, or in a state that no action leads out
 * of; -ENOMEM; another -errno of tool.h.
 */
int intake_running(const struct tool *tool, const struct survey_policy *policy,
		   const pid_t *pids, size_t count, unsigned int timeout_ms,
		   struct roster *ret_group) must_check;

/*
 * Those of the @count @pids that the caller traces, the first of them in any case: just
 * restored from images, all checkpointed, to be brought to running or to be killed. Their
 * restore threads are known. Return: as above; -EPERM if the first is traced by another.
 */
int intake_restored(const struct tool *tool, const struct survey_policy *policy,
		    const pid_t *pids, size_t count, struct roster *ret_group) must_check;

/*
 * Is @pid, one that is stopped, a CUDA process? Return: 0 if so; -ENXIO if not; -EAGAIN
 * if it is about to become one; another -errno.
 */
int intake_is_cuda(const struct tool *tool, const struct survey_policy *policy,
		   pid_t pid) must_check;
