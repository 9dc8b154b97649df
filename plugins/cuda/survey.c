/* SPDX-License-Identifier: GPL-2.0-only */
#include "survey.h"

#include <errno.h>
#include <stdlib.h>

#include "gpu_sharing.h"
#include "log.h"
#include "memory_answer.h"
#include "memory_room.h"
#include "proc.h"
#include "process_tree.h"
#include "remedy.h"

/* Leave only those of the @count @pids that may be CUDA processes. */
static int drop_others(pid_t *pids, size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		bool maps = false;
		int ret = proc_maps_libcuda(pids[i], &maps);

		if (ret && ret != -ESRCH) {
			pr_err("pid %d: cannot read its mappings: %s\n", pids[i],
			       remedy_of_proc(ret));
			return ret;
		}
		if (!ret && maps)
			pids[kept++] = pids[i];
	}

	*count = kept;
	return 0;
}

/* None if @root has ended. */
static int list_candidates(const struct survey_policy *policy, pid_t root,
			   pid_t **ret_pids, size_t *ret_count)
{
	int ret;

	ret = process_tree_list(root, ret_pids, ret_count);
	if (ret == -ESRCH) {
		*ret_pids = NULL;
		*ret_count = 0;
		return 0;
	}
	if (ret) {
		pr_err("pid %d: cannot list the processes below it: %s\n", root,
		       remedy_of_proc(ret));
		return ret;
	}

	return policy->ask_every_process ? 0 : drop_others(*ret_pids, ret_count);
}

static int check_sharing(const struct survey_policy *policy, const pid_t *pids,
			 size_t count)
{
	pid_t *sharing autofree = NULL;
	size_t sharing_count = 0;
	int ret;

	if (count < 2 || gpu_sharing_survives(GPU_SHARING_VERSION_FILE))
		return 0;

	ret = gpu_sharing_find(pids, count, &sharing, &sharing_count);
	if (ret || !sharing_count)
		return ret;

	gpu_sharing_log(sharing, sharing_count, !policy->allow_shared_memory);
	return policy->allow_shared_memory ? 0 : -EPERM;
}

/* What is not known is not in the way. */
static void demand(const pid_t *pids, const uint64_t *bytes, size_t count,
		   struct memory_demand *ret_demands)
{
	for (size_t i = 0; i < count; i++)
		ret_demands[i] = (struct memory_demand){
			.pid = pids[i],
			.bytes = bytes[i] == MEMORY_UNKNOWN ? 0 : bytes[i],
		};
}

static int refuse_without_room(const struct memory_demand *demands, size_t count)
{
	char reason[MEMORY_ROOM_REASON_SIZE];
	int ret;

	ret = memory_room_check(demands, count, reason, sizeof(reason));
	if (ret == -ENOSPC) {
		pr_err("%s; the option memory-check=off goes on all the same\n", reason);
		return -EPERM;
	}
	if (ret)
		pr_warn("cannot see whether there is room for the GPU memory: %s\n",
			reason);

	return 0;
}

static int check_memory(const struct tool *tool, const struct survey_policy *policy,
			const pid_t *pids, size_t count)
{
	struct memory_demand *demands autofree = NULL;
	uint64_t *bytes autofree = NULL;

	if (!count || !policy->check_memory)
		return 0;

	bytes = calloc(count, sizeof(*bytes));
	demands = calloc(count, sizeof(*demands));
	if (!bytes || !demands) {
		pr_err("out of memory for %zu CUDA processes\n", count);
		return -ENOMEM;
	}

	/* Logged there; a dump is not refused for what can only be guessed. */
	if (tool_get_memory(tool, pids, count, bytes))
		return 0;

	demand(pids, bytes, count, demands);
	return refuse_without_room(demands, count);
}

int survey_tree(const struct tool *tool, const struct survey_policy *policy, pid_t root)
{
	pid_t *pids autofree = NULL;
	size_t count = 0;
	int ret;

	ret = list_candidates(policy, root, &pids, &count);
	if (!ret)
		ret = check_sharing(policy, pids, count);
	if (!ret)
		ret = check_memory(tool, policy, pids, count);

	return ret;
}
