/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include "cuda_state.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *const state_names[] = {
	[CUDA_RUNNING] = "running",
	[CUDA_LOCKED] = "locked",
	[CUDA_CHECKPOINTED] = "checkpointed",
	[CUDA_FAILED] = "failed",
	[CUDA_CHECKPOINTING] = "checkpointing",
	[CUDA_RESTORING] = "restoring",
};

static const struct {
	const char *name;
	enum cuda_state from;
	enum cuda_state to;
} actions[] = {
	[CUDA_NO_ACTION] = { .name = NULL },
	[CUDA_LOCK] = { "lock", CUDA_RUNNING, CUDA_LOCKED },
	[CUDA_CHECKPOINT] = { "checkpoint", CUDA_LOCKED, CUDA_CHECKPOINTED },
	[CUDA_RESTORE] = { "restore", CUDA_CHECKPOINTED, CUDA_LOCKED },
	[CUDA_UNLOCK] = { "unlock", CUDA_LOCKED, CUDA_RUNNING },
};

bool cuda_state_is_rung(enum cuda_state state)
{
	return state == CUDA_RUNNING || state == CUDA_LOCKED ||
	       state == CUDA_CHECKPOINTED;
}

int cuda_state_next(enum cuda_state from, enum cuda_state goal,
		    enum cuda_action *ret_action)
{
	if (!cuda_state_is_rung(from) || !cuda_state_is_rung(goal))
		return -EINVAL;

	if (from == goal)
		*ret_action = CUDA_NO_ACTION;
	else if (from < goal)
		*ret_action = from == CUDA_RUNNING ? CUDA_LOCK : CUDA_CHECKPOINT;
	else
		*ret_action = from == CUDA_CHECKPOINTED ? CUDA_RESTORE : CUDA_UNLOCK;

	return 0;
}

enum cuda_state cuda_action_from(enum cuda_action action)
{
	return actions[action].from;
}

enum cuda_state cuda_action_to(enum cuda_action action)
{
	return actions[action].to;
}

const char *cuda_state_name(enum cuda_state state)
{
	if ((size_t)state >= ARRAY_SIZE(state_names))
		return "unknown";

	return state_names[state];
}

const char *cuda_action_name(enum cuda_action action)
{
	if ((size_t)action >= ARRAY_SIZE(actions) || !actions[action].name)
		return "no action";

	return actions[action].name;
}

int cuda_state_parse(const char *name, enum cuda_state *ret_state)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (strcmp(name, state_names[i]) != 0)
			continue;

		*ret_state = (enum cuda_state)i;
		return 0;
	}

	return -EINVAL;
}

int cuda_action_parse(const char *name, enum cuda_action *ret_action)
{
	for (size_t i = 1; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(name, actions[i].name) != 0)
			continue;

		*ret_action = (enum cuda_action)i;
		return 0;
	}

	return -EINVAL;
}
