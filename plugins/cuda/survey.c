/* SPDX-License-Identifier: GPL-2.0-only */
#include "survey.h"

#include <errno.h>
#include <stdlib.h>

#include "candidate.h"
#include "driver_version.h"
#include "gpu_sharing.h"
#include "log.h"
#include "memory_answer.h"
#include "memory_room.h"
#include "process_tree.h"
#include "remedy.h"

/* Those of the tree that may be CUDA processes. */
static int choose_candidates(const struct survey_policy *policy, struct survey *survey)
{
	for (size_t i = 0; i < survey->tree_count; i++) {
		bool may_be;
		int ret;

		ret = candidate_check(survey->tree[i], policy->ask_every_process,
				      &may_be);
		if (ret)
			return ret;
		if (may_be)
			survey->pids[survey->count++] = survey->tree[i];
	}

	return 0;
}

static int list_candidates(const struct survey_policy *policy, pid_t root,
			   struct survey *survey)
{
	int ret;

	ret = process_tree_list(root, &survey->tree, &survey->tree_count);
	if (ret == -ESRCH)
		return 0;
	if (ret) {
		pr_err("pid %d: cannot list the processes below it: %s\n", root,
		       remedy_of_proc(ret));
		return ret;
	}

	survey->pids = calloc(survey->tree_count, sizeof(*survey->pids));
	survey->bytes = calloc(survey->tree_count, sizeof(*survey->bytes));
	if (!survey->pids || !survey->bytes) {
		pr_err("out of memory for %zu processes\n", survey->tree_count);
		return -ENOMEM;
	}

	return choose_candidates(policy, survey);
}

static int check_sharing(const struct survey_policy *policy, const pid_t *pids,
			 size_t count)
{
	pid_t *sharing autofree = NULL;
	size_t sharing_count = 0;
	int ret;

	if (count < 2 || gpu_sharing_survives(DRIVER_VERSION_FILE))
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

static int refuse_without_room(const struct survey_policy *policy,
			       const struct memory_demand *demands, size_t count)
{
	const size_t together = policy->in_waves ? 1 : count;
	char reason[MEMORY_ROOM_REASON_SIZE];
	int ret = 0;

	for (size_t i = 0; !ret && i < count; i += together)
		ret = memory_room_check(&demands[i], together, reason, sizeof(reason));
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
			const struct survey *survey)
{
	struct memory_demand *demands autofree = NULL;

	/* Logged there; a dump is not refused for what can only be guessed. */
	if (tool_get_memory(tool, survey->pids, survey->count, survey->bytes))
		return 0;

	demands = calloc(survey->count, sizeof(*demands));
	if (!demands) {
		pr_err("out of memory for %zu CUDA processes\n", survey->count);
		return -ENOMEM;
	}

	demand(survey->pids, survey->bytes, survey->count, demands);
	return refuse_without_room(policy, demands, survey->count);
}

int survey_tree(const struct tool *tool, const struct survey_policy *policy, pid_t root,
		struct survey *ret_survey)
{
	struct survey survey = { .count = 0 };
	int ret;

	ret = list_candidates(policy, root, &survey);
	if (!ret)
		ret = check_sharing(policy, survey.pids, survey.count);
	for (size_t i = 0; i < survey.count; i++)
		survey.bytes[i] = MEMORY_UNKNOWN;
	if (!ret && survey.count && policy->check_memory)
		ret = check_memory(tool, policy, &survey);
	if (ret) {
		survey_release(&survey);
		return ret;
	}

	*ret_survey = survey;
	return 0;
}

void survey_release(struct survey *survey)
{
	free(survey->tree);
	free(survey->pids);
	free(survey->bytes);
	*survey = (struct survey){ .count = 0 };
}
