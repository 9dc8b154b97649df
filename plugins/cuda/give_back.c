/* SPDX-License-Identifier: GPL-2.0-only */
#include "give_back.h"

#include <errno.h>
#include <stdlib.h>

#include "at_work.h"
#include "climb.h"
#include "life.h"
#include "log.h"

static bool is_back(const struct cuda_process *process)
{
	return process->rung_is_certain && process->rung == process->found;
}

static void owe_nothing(struct cuda_process *process)
{
	process->rung = process->found;
	process->rung_is_certain = true;
	process->is_offloaded = false;
	process->ret = 0;
}

/*
 * Is there anything to do for @process, and can it be done? If not what comes of it is
 * noted.
 */
static bool prepare(const struct tool *tool, struct cuda_process *process)
{
	if (is_back(process))
		return false;

	if (!life_goes_on(process->pid, process->start) || life_is_ending(process->pid)) {
		pr_info("pid %d: it has ended, nothing to give back\n", process->pid);
		owe_nothing(process);
		return false;
	}

	/* Nothing can be done before a step that was left at work has ended. */
	if (!process->rung_is_certain && at_work_on(process->pid, tool->program)) {
		pr_warn("pid %d: the utility is still at work on it: left to the "
			"guardian\n",
			process->pid);
		process->ret = -EINPROGRESS;
		return false;
	}

	return true;
}

static void note_outcome(struct cuda_process *process)
{
	if (!process->ret) {
		pr_info("pid %d: given back, %s\n", process->pid,
			cuda_state_name(process->found));
	} else if (process->ret == -ENODATA) {
		pr_info("pid %d: without CUDA there is nothing to give back\n",
			process->pid);
		owe_nothing(process);
	}
}

/* Those of @chosen that were found on @rung. */
static void bring_to(const struct tool *tool, struct cuda_process *const chosen[],
		     size_t count, enum cuda_state rung)
{
	struct cuda_process **group autofree = calloc(count, sizeof(*group));
	size_t left = 0;

	if (!group) {
		(void)cuda_process_out_of_memory(chosen, count);
		return;
	}

	for (size_t i = 0; i < count; i++)
		if (chosen[i]->found == rung)
			group[left++] = chosen[i];
	if (!left)
		return;

	/* Noted for each. */
	(void)!climb_to(tool, group, left, rung);
	for (size_t i = 0; i < left; i++)
		note_outcome(group[i]);
}

static bool all_are_back(struct cuda_process *const processes[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_back(processes[i]))
			return false;

	return true;
}

static int bring(const struct tool *tool, struct cuda_process *const processes[],
		 size_t count)
{
	struct cuda_process **chosen autofree = NULL;
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		processes[i]->ret = 0;
	if (all_are_back(processes, count))
		return 0;
	chosen = calloc(count, sizeof(*chosen));
	if (!chosen)
		return cuda_process_out_of_memory(processes, count);

	for (size_t i = 0; i < count; i++)
		if (prepare(tool, processes[i]))
			chosen[left++] = processes[i];
	for (int rung = CUDA_RUNNING; left && rung <= CUDA_CHECKPOINTED; rung++)
		bring_to(tool, chosen, left, (enum cuda_state)rung);

	return cuda_process_first_error(processes, count);
}

int give_back(const struct tool *tool, struct guardian *guardian,
	      struct cuda_process *const processes[], size_t count)
{
	int ret = bring(tool, processes, count);

	for (size_t i = 0; i < count; i++)
		if (!processes[i]->ret)
			guardian_pay(guardian, processes[i]->pid);

	return ret;
}
