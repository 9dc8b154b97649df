/* SPDX-License-Identifier: GPL-2.0-only */
#include "team.h"

#include <stdlib.h>

static void prepare(struct team *team, enum team_watch watch, unsigned int timeout_ms)
{
	for (size_t i = 0; i < team->count; i++) {
		struct vigil *vigil = &team->vigils[i];

		*vigil = (struct vigil){
			.process = team->processes[i],
			.target = &team->targets[i],
			.timeout_ms = timeout_ms,
		};
		team->targets[i].pid = team->processes[i]->pid;
		team->targets[i].goes_alone = team->processes[i]->goes_alone;
		team->targets[i].watch = watch == TEAM_OPERATES
						 ? vigil_over_operation(vigil)
						 : vigil_over_answer(vigil);
	}
}

int team_init(struct team *team, struct cuda_process *const processes[], size_t count,
	      enum team_watch watch, unsigned int timeout_ms)
{
	*team = (struct team){
		.processes = processes,
		.targets = calloc(count, sizeof(*team->targets)),
		.vigils = calloc(count, sizeof(*team->vigils)),
		.count = count,
	};
	if (team->targets && team->vigils) {
		prepare(team, watch, timeout_ms);
		return 0;
	}

	team_release(team);
	return cuda_process_out_of_memory(processes, count);
}

void team_announce(const struct team *team, enum cuda_action action)
{
	for (size_t i = 0; i < team->count; i++)
		headway_begin(&team->vigils[i].headway, team->processes[i], action);
}

void team_release(struct team *team)
{
	free(team->targets);
	free(team->vigils);
	*team = (struct team){ .count = 0 };
}

void team_note_action(const struct team *team, enum cuda_action action)
{
	for (size_t i = 0; i < team->count; i++) {
		const struct operation_target *target = &team->targets[i];
		struct cuda_process *process = team->processes[i];

		process->ret = target->ret;
		process->steps[action] = (struct cuda_step){
			.began_ms = target->began_ms,
			.took_ms = target->took_ms,
			.is_done = !target->ret,
		};
		if (!target->ret)
			process->rung = cuda_action_to(action);
		else if (!operation_is_refused(target))
			process->rung_is_certain = false;
	}
}
