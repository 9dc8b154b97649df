/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_offload.h"

#include <errno.h>

#include "fake_proc.h"
#include "log.h"

size_t fake_offload_wave;

static bool is_done(enum fake_failure failure)
{
	return failure == FAKE_SUCCEEDS || failure == FAKE_FAILS_DONE ||
	       failure == FAKE_TIMES_OUT_DONE;
}

static int log_and_note(const char *call, pid_t pid, int ret)
{
	if (ret)
		pr_err("pid %d: %s: %s\n", pid, call, strerror(-ret));

	return fake_world_note(call, pid, 0, ret);
}

int offload_next_wave(const struct offload *offload,
		      struct cuda_process *const processes[], size_t count,
		      enum cuda_state goal, size_t *ret_count)
{
	enum fake_failure failure = FAKE_SUCCEEDS;

	if (offload && goal == CUDA_CHECKPOINTED)
		failure = fake_world_call("wave", NULL);
	if (failure != FAKE_SUCCEEDS)
		return log_and_note("wave", processes[0]->pid, -ENOSPC);

	*ret_count = count;
	if (offload && fake_offload_wave && fake_offload_wave < count)
		*ret_count = fake_offload_wave;
	return 0;
}

int offload_check_names(const struct offload *offload,
			struct cuda_process *const processes[], size_t count)
{
	(void)offload;
	(void)processes;
	(void)count;
	return 0;
}

static int take(struct fake_process *process)
{
	const enum fake_failure failure = fake_world_call("write", process);

	if (process->gone)
		return -ESRCH;
	if (!process->seized || process->thread_runs)
		fake_world_crime("memory is taken from a process that is not held still");
	if (process->rung != CUDA_CHECKPOINTED)
		fake_world_crime("memory is taken from a process that uses it");
	if (!process->owed || !process->frozen)
		fake_world_crime("memory is taken that the guardian does not know of");

	process->is_out |= is_done(failure);
	return failure == FAKE_SUCCEEDS ? 0 : -EIO;
}

int offload_take(const struct offload *offload, struct cuda_process *process)
{
	struct fake_process *taken = fake_world_find(process->pid);
	int ret;

	if (!offload || !offload->is_wanted || process->found == CUDA_CHECKPOINTED)
		return 0;

	ret = log_and_note("write", process->pid, take(taken));
	process->is_offloaded = taken->is_out;
	process->has_image = taken->has_image = taken->is_out;
	return ret;
}

static int put_back(struct fake_process *process)
{
	const enum fake_failure failure = fake_world_call("fill", process);

	if (process->gone)
		return -ESRCH;

	process->is_out &= failure != FAKE_SUCCEEDS;
	return failure == FAKE_SUCCEEDS ? 0 : -EIO;
}

int offload_put_back(const struct offload *offload, struct cuda_process *process)
{
	struct fake_process *filled = fake_world_find(process->pid);
	int ret;

	(void)offload;
	if (!process->is_offloaded)
		return 0;

	ret = log_and_note("fill", process->pid, put_back(filled));
	process->is_offloaded = filled->is_out;
	return ret;
}

int offload_find(const struct offload *offload, struct cuda_process *const processes[],
		 size_t count)
{
	for (size_t i = 0; offload && i < count; i++) {
		struct fake_process *found = fake_world_find(processes[i]->pid);
		const enum fake_failure failure = fake_world_call("find", found);
		const bool is_well = failure == FAKE_SUCCEEDS && !found->gone;

		if (log_and_note("find", found->pid, is_well ? 0 : -EIO))
			return -EIO;
		processes[i]->is_offloaded = found->is_out;
	}

	return 0;
}

void offload_close(struct cuda_process *const processes[], size_t count)
{
	(void)processes;
	(void)count;
}

void offload_discard(const struct offload *offload,
		     struct cuda_process *const processes[], size_t count)
{
	(void)offload;
	for (size_t i = 0; i < count; i++) {
		struct fake_process *process = fake_world_find(processes[i]->pid);

		if (processes[i]->has_image && !processes[i]->is_offloaded)
			process->has_image = false;
	}
}
