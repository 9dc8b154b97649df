/* SPDX-License-Identifier: GPL-2.0-only */
#include "intake.h"

#include <errno.h>
#include <stdlib.h>

#include "candidate.h"
#include "cuda_process.h"
#include "life.h"
#include "log.h"
#include "proc.h"
#include "remedy.h"

#define JOB_VARIABLE "CUDA_CHECKPOINT_JOB_FILE" /* of NVIDIA's --launch-job */

/* What is no CUDA process after all, and what has ended. */
static bool is_none_of_ours(const struct cuda_process *process)
{
	if (process->ret == -ENXIO)
		return true;
	if (!process->ret || !proc_is_gone(process->pid))
		return false;

	pr_info("pid %d: it has ended meanwhile\n", process->pid);
	return true;
}

/* With its start the pid names one process for good. */
static void find_start(struct cuda_process *process)
{
	if (process->ret)
		return;

	process->ret = life_start(process->pid, &process->start);
	if (process->ret)
		pr_err("pid %d: cannot see when it began: %s\n", process->pid,
		       remedy_of_proc(process->ret));
}

/* The driver wants one of a job at a time. What cannot be seen is no job. */
static bool is_in_job(pid_t pid)
{
	bool is;

	return proc_started_with(pid, JOB_VARIABLE, NULL, &is) == 0 && is;
}

/* All have been asked: keep those that are CUDA, unless one stands in the way. */
static int finish(struct roster *group)
{
	int ret;

	for (size_t i = 0; i < group->count; i++)
		find_start(group->processes[i]);
	roster_drop(group, is_none_of_ours);

	ret = cuda_process_first_error(group->processes, group->count);
	if (ret)
		roster_release(group);

	return ret;
}

static int fill(const struct cuda_process *model, const pid_t *pids, size_t count,
		struct roster *group)
{
	*group = (struct roster){ .count = 0 };
	if (roster_fill(group, model, pids, count)) {
		pr_err("out of memory for %zu CUDA processes\n", count);
		return -ENOMEM;
	}

	for (size_t i = 0; i < count; i++)
		group->processes[i]->goes_alone = is_in_job(group->processes[i]->pid);

	return 0;
}

/*
 * A stopped process can neither be asked nor locked: either would wait until it runs,
 * with its frozen tree around it.
 */
static int refuse_stopped(const struct survey_policy *policy, pid_t pid)
{
	bool is;

	if (policy->ask_every_process || proc_is_stopped(pid, &is) || !is ||
	    proc_has_restore_thread(pid, &is) || !is)
		return 0;

	pr_err("pid %d: it is stopped; continue it (kill -CONT) and try again\n", pid);
	return -EBUSY;
}

int intake_running(const struct tool *tool, const struct survey_policy *policy,
		   const pid_t *pids, size_t count, unsigned int timeout_ms,
		   struct roster *ret_group)
{
	const struct cuda_process model = { .bytes = MEMORY_UNKNOWN };
	struct roster group;
	int ret = 0;

	for (size_t i = 0; !ret && i < count; i++)
		ret = refuse_stopped(policy, pids[i]);
	if (!ret)
		ret = fill(&model, pids, count, &group);
	if (ret)
		return ret;

	cuda_process_find_states(tool, timeout_ms, group.processes, group.count);
	ret = finish(&group);
	if (!ret)
		*ret_group = group;

	return ret;
}

/* One that @has_to_be must not be passed over in silence. */
static int is_ours(pid_t pid, bool has_to_be, bool *ret_ours)
{
	int ret = proc_is_traced_by_us(pid, ret_ours);

	if (ret == -ESRCH) {
		*ret_ours = false;
		return 0;
	}
	if (ret)
		pr_err("pid %d: cannot see who traces it: %s\n", pid,
		       remedy_of_proc(ret));
	if (ret || *ret_ours || !has_to_be)
		return ret;

	pr_err("pid %d: it was restored, and this CRIU does not hold it\n", pid);
	return -EPERM;
}

/* Those of the @count @pids that may be restored CUDA processes, into @candidates. */
static int choose_restored(const struct survey_policy *policy, const pid_t *pids,
			   size_t count, pid_t *candidates, size_t *ret_count)
{
	size_t chosen = 0;
	bool is;
	int ret;

	for (size_t i = 0; i < count; i++) {
		ret = candidate_check(pids[i], policy->ask_every_process, &is);
		if (!ret && is)
			ret = is_ours(pids[i], i == 0, &is);
		if (ret)
			return ret;
		if (is)
			candidates[chosen++] = pids[i];
	}

	*ret_count = chosen;
	return 0;
}

int intake_restored(const struct tool *tool, const struct survey_policy *policy,
		    const pid_t *pids, size_t count, struct roster *ret_group)
{
	const struct cuda_process model = {
		.bytes = MEMORY_UNKNOWN,
		.found = CUDA_RUNNING,
		.rung = CUDA_CHECKPOINTED,
		.rung_is_certain = true,
		.is_expendable = true,
	};
	pid_t *candidates autofree = calloc(count, sizeof(*candidates));
	struct roster group;
	size_t chosen = 0;
	int ret = -ENOMEM;

	if (!candidates)
		pr_err("out of memory for %zu processes\n", count);
	else
		ret = choose_restored(policy, pids, count, candidates, &chosen);
	if (!ret)
		ret = fill(&model, candidates, chosen, &group);
	if (ret)
		return ret;

	cuda_process_find_restore_threads(tool, group.processes, group.count);
	ret = finish(&group);
	if (!ret)
		*ret_group = group;

	return ret;
}

int intake_is_cuda(const struct tool *tool, const struct survey_policy *policy, pid_t pid)
{
	struct cuda_process process = { .pid = pid }, *const one = &process;
	bool may_be;
	int ret;

	ret = candidate_check(pid, policy->ask_every_process, &may_be);
	if (ret || !may_be)
		return ret ? ret : -ENXIO;

	cuda_process_find_restore_threads(tool, &one, 1);
	return process.ret;
}
