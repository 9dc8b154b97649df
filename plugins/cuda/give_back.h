/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bring processes back to the rungs on which they were found, whatever happened to them.
 *
 * Logs outcomes; failures are logged by who knows the reason.
 */
#pragma once

#include "cuda_process.h"
#include "guardian.h"
#include "tool.h"

/*
 * All @count @processes are tried, at once. One that has ended, or has no CUDA any more,
 * is owed nothing; one that a utility is still at work on is left to the guardian,
 * -EINPROGRESS. Nothing is owed afterwards to those that got there.
 *
 * Return: 0, or the first error.
 */
int give_back(const struct tool *tool, struct guardian *guardian,
	      struct cuda_process *const processes[], size_t count) must_check;
