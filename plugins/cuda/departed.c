/* SPDX-License-Identifier: GPL-2.0-only */
#include "departed.h"

#include "give_back.h"
#include "life.h"
#include "log.h"
#include "proc.h"

static bool has_left(const struct cuda_process *process)
{
	bool ours;

	if (proc_is_traced_by_us(process->pid, &ours) || ours)
		return false;

	pr_warn("pid %d: it is not in the dump any more, its parent has ended; giving it "
		"back\n",
		process->pid);
	return true;
}

int departed_give_back(const struct tool *tool, struct guardian *guardian,
		       struct cuda_process *const processes[], size_t count,
		       struct cuda_process *dumped[], size_t *ret_count)
{
	size_t left = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < count; i++) {
		struct cuda_process *process = processes[i];

		if (!life_goes_on(process->pid, process->start))
			continue;
		if (has_left(process))
			ret = give_back(tool, guardian, &process, 1);
		else
			dumped[left++] = process;
	}

	if (!ret)
		*ret_count = left;
	return ret;
}
