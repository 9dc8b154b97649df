/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would come of a dump, seen before the first process is touched: what could not be
 * brought back is refused while nothing has happened yet.
 *
 * Refused are processes that share GPU memory in a way that a checkpoint destroys
 * (gpu_sharing.h), and processes whose GPU memory does not fit into host memory
 * (memory_room.h), as far as that can be known. Logs.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "tool.h"

struct survey_policy {
	bool ask_every_process;	  /* also one that maps no libcuda */
	bool allow_shared_memory; /* warn, and go on */
	bool check_memory;
};

/*
 * Look at @root and all processes below it. The utility is run only if one of them may be
 * a CUDA process.
 *
 * Return: 0; -EPERM if the dump is refused; another -errno if that cannot be found out.
 */
int survey_tree(const struct tool *tool, const struct survey_policy *policy,
		pid_t root) must_check;
