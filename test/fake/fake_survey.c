/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_survey.h"

#include "fake_proc.h"
#include "log.h"

struct fake_survey fake_survey;

int survey_tree(const struct tool *tool, const struct survey_policy *policy, pid_t root,
		struct survey *ret_survey)
{
	struct survey survey = {
		.tree = calloc(FAKE_PROCESSES_MAX, sizeof(pid_t)),
		.pids = calloc(FAKE_PROCESSES_MAX, sizeof(pid_t)),
		.bytes = calloc(FAKE_PROCESSES_MAX, sizeof(uint64_t)),
	};

	(void)tool;
	fake_survey.calls++;
	fake_survey.root = root;
	if (fake_survey.answer || !survey.tree || !survey.pids || !survey.bytes) {
		survey_release(&survey);
		if (!fake_survey.answer)
			pr_err("out of memory for some processes\n");
		return fake_survey.answer ? fake_survey.answer : -ENOMEM;
	}

	for (size_t i = 0; i < fake_world.count; i++) {
		const struct fake_process *process = &fake_world.processes[i];

		if (fake_survey.sees && i >= fake_survey.sees)
			break;
		survey.tree[survey.tree_count++] = process->pid;
		if (!process->maps_libcuda && !policy->ask_every_process)
			continue;
		survey.bytes[survey.count] = FAKE_SURVEY_BYTES;
		survey.pids[survey.count++] = process->pid;
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
