/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would come of a dump, seen before the first process is touched: what could not be
 * brought back is refused while nothing has happened yet.
 *
 * Refused are processes that share GPU memory in a way that a checkpoint destroys
 * (gpu_sharing.h), and processes whose GPU memory does not fit into host memory
 * (memory_room.h), all together or each alone, as far as that can be known. Logs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tool.h"

struct survey_policy {
	bool ask_every_process;	  /* also one that maps no libcuda */
	bool allow_shared_memory; /* warn, and go on */
	bool check_memory;
	bool in_waves; /* each process must have room alone (wave.h), not all together */
};

/* What was seen. */
struct survey {
	pid_t *tree; /* @root and all below it */
	size_t tree_count;
	pid_t *pids;	 /* those of them that may be CUDA processes */
	uint64_t *bytes; /* of GPU memory, of each of these; MEMORY_UNKNOWN */
	size_t count;
};

/*
 * Look at @root and all processes below it. The utility is run only if one of them may be
 * a CUDA process. If @root has ended there are none.
 *
 * Return: 0 with *@ret_survey, for survey_release(); -EPERM if the dump is refused;
 * another -errno if that cannot be found out.
 */
int survey_tree(const struct tool *tool, const struct survey_policy *policy, pid_t root,
		struct survey *ret_survey) must_check;

/* Accepts one that is all zero. */
void survey_release(struct survey *survey);
