/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CUDA processes on which one operation is done, all at once: a target and a watch for
 * each, as tool.h wants them.
 *
 *	ret = team_init(&team, processes, count, TEAM_..., timeout_ms);
 *	team_announce(&team, action);		if it may take long
 *	... tool_...(tool, ..., team.targets, team.count) ...
 *	team_release(&team);
 *
 * Logs nothing but that there is no memory.
 */
#pragma once

#include "cuda_process.h"
#include "operation.h"
#include "vigil.h"

/* What is watched for (vigil.h). */
enum team_watch {
	TEAM_ANSWERS,
	TEAM_OPERATES,
};

struct team {
	struct cuda_process *const *processes; /* borrowed */
	struct operation_target *targets;      /* of each, in that order */
	struct vigil *vigils;
	size_t count;
};

/*
 * @timeout_ms is for TEAM_OPERATES: what the operation may take; 0: no limit.
 *
 * Return: 0; -ENOMEM, logged, and noted as what came of it for each process.
 */
int team_init(struct team *team, struct cuda_process *const processes[], size_t count,
	      enum team_watch watch, unsigned int timeout_ms) must_check;

/* Say how far @action has come on each, while it is at work: headway.h. */
void team_announce(const struct team *team, enum cuda_action action);

/* Accepts what a failed team_init() leaves. */
void team_release(struct team *team);

/* Note what came of @action for each: where it stands, and how long it took. */
void team_note_action(const struct team *team, enum cuda_action action);
