/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations on targets, by scripts that stand for the utility, and what came of them.
 *
 * A script gets the words as the utility does: $2 is the pid of a run for one process.
 * What it writes to $DIARY, in short lines, the test can read.
 */
#pragma once

#include "operation.h"
#include "spawn_world.h"

#define TARGETS_MAX 200

/* The pids of the nth target. */
#define PID_OF(i) ((pid_t)(1001 + (i)))

/* For a script: "each PID" is to be a function; it is called with each pid at once. */
#define FOR_EACH "for pid; do case $pid in --pid) ;; *) each $pid & ;; esac; done; wait"

/* They begin at work, each with PID_OF() and nothing else. */
extern struct operation_target targets[TARGETS_MAX];

/* Around each test, for cmocka: the world, fresh targets and an empty diary. */
int begin_operation(void **state);
int end_operation(void **state);

/*
 * Do @operation on the first @count targets, by @script: its words are filled in. The
 * world has to be as before.
 *
 * Return: what operation_run() returns.
 */
unsigned int operate(const char *script, struct operation operation, size_t count);

/* The same, for a question with no more to say about it, or an action. */
unsigned int ask_by(const char *script, size_t count);
unsigned int act_by(const char *script, size_t count);

/* The outcome of target @i. */
void assert_outcome(size_t i, int ret, const char *text);

/* The text of target @i has @part in it. */
void assert_says(size_t i, const char *part);

/* What was written to the diary, for the caller to free. */
char *read_diary(void);

/*
 * A diary in which "+ PID" is that it begins and "- PID" that it is done. Return: how
 * many were at work together at most; those with a pid in @only alone, if that is not
 * NULL.
 */
size_t most_at_work(const char *diary, bool (*only)(pid_t pid));

/* Which comes first in the diary? Both are in it. */
bool is_before(const char *diary, const char *first, const char *second);
