/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CUDA processes that have left a dump after they were found and locked.
 *
 * The parent of one ended before CRIU came to it, say: it is not in the dump, and nobody
 * would ever let it go on. Logs.
 */
#pragma once

#include "cuda_process.h"
#include "guardian.h"
#include "tool.h"

/*
 * Give back those of the @count @processes that the caller does not trace: it does trace
 * all that it dumps. The others that have not ended go into @dumped, which has room for
 * @count.
 *
 * Return: 0 with *@ret_count; -errno of give_back.h.
 */
int departed_give_back(const struct tool *tool, struct guardian *guardian,
		       struct cuda_process *const processes[], size_t count,
		       struct cuda_process *dumped[], size_t *ret_count) must_check;
