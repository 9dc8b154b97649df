/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of cuda-checkpoint for an operation, on one process or on several.
 *
 *	run_init(&run, operation); run_add(&run, target)...;
 *	if (run_start(&run))
 *		while (!run_is_over(&run)) {
 *			... spawn_wait() on &run.spawn, until run.deadline at most ...
 *			... every now and then run_look(&run) ...
 *		}
 *
 * A part of operation.h, which says what an operation is, what a watch may say and what
 * may come of it. SIGCHLD is held. Does not log.
 */
#pragma once

#include "cuda-checkpoint/contract.h"
#include "operation.h"
#include "spawn.h"

struct run_member {
	struct operation_target *target;
	bool is_done;
	int given_up; /* what the watch said */
};

struct run {
	const struct operation *operation;
	struct spawn spawn;
	struct run_member members[CONTRACT_AT_ONCE];
	size_t count;
	size_t open;	  /* members that are not done */
	int64_t deadline; /* as clock_ms() has it; -1: none */
	bool is_ending;	  /* nothing is waited for any more: the deadline is a grace */
	bool is_rubbish;  /* what it prints makes no sense */
};

/* @operation is borrowed. */
void run_init(struct run *run, const struct operation *operation);

/* Is there room for one more? There is for one. */
bool run_has_room(const struct run *run);

/* @target is borrowed, and given its outcome. It is at work from now on. */
void run_add(struct run *run, struct operation_target *target);

/* Return: is it under way? If not, all targets have had their outcomes. */
bool run_start(struct run *run) must_check;

/* Ask the watches of those that are at work. */
void run_look(struct run *run);

/* Understand what has been printed. Return: is it over? Then all have their outcomes. */
bool run_is_over(struct run *run) must_check;
