/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The ladder of a CUDA process: running, locked, checkpointed.
 *
 * Four actions move a process one rung. Pausing, checkpointing, resuming,
 * rolling back and the utility's --toggle are all "bring it to that rung":
 * the caller asks cuda_state_next() for the next action until there is none.
 *
 * The words are the driver's own, as the utility prints and reads them.
 * Pure: no system call, no memory, no log. Shared by the plugin and the utility.
 */
#pragma once

#include <stdbool.h>

#include "cleanup.h"

/* Values of the driver's CUprocessState (CUDA 13.4 adds the last two). */
enum cuda_state {
	CUDA_RUNNING = 0,
	CUDA_LOCKED = 1,
	CUDA_CHECKPOINTED = 2,
	CUDA_FAILED = 3,
	CUDA_CHECKPOINTING = 4,
	CUDA_RESTORING = 5,
};

enum cuda_action {
	CUDA_NO_ACTION = 0, /* the goal is reached */
	CUDA_LOCK,
	CUDA_CHECKPOINT,
	CUDA_RESTORE,
	CUDA_UNLOCK,
	CUDA_ACTION_COUNT, /* not an action */
};

/* True for the three states that a process can be brought to. */
bool cuda_state_is_rung(enum cuda_state state);

/*
 * The action that brings a process in state @from one rung nearer to @goal.
 *
 * Return: 0 with *@ret_action, CUDA_NO_ACTION when @from is @goal; -EINVAL, and
 * *@ret_action untouched, if @from or @goal is not a rung: no action helps a
 * failed process, or one in the middle of an operation.
 */
int cuda_state_next(enum cuda_state from, enum cuda_state goal,
		    enum cuda_action *ret_action) must_check;

/* The rung that @action starts from. @action is a real action. */
enum cuda_state cuda_action_from(enum cuda_action action);

/* The rung that @action leads to. @action is a real action. */
enum cuda_state cuda_action_to(enum cuda_action action);

/* The driver's word for a state or an action; never NULL. */
const char *cuda_state_name(enum cuda_state state);
const char *cuda_action_name(enum cuda_action action);

/*
 * The reverse of the two above; the whole of @name must match.
 *
 * Return: 0, or -EINVAL for an unknown word. CUDA_NO_ACTION has no word.
 */
int cuda_state_parse(const char *name, enum cuda_state *ret_state) must_check;
int cuda_action_parse(const char *name, enum cuda_action *ret_action) must_check;
