/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs of cuda-checkpoint, as fake_spawn.h plays them, that several tests of tool.c need.
 *
 * All is about one process, PID. The assertions are cmocka's.
 */
#pragma once

#include <stddef.h>

#include "tool.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* No function gives these values: they show whether a result was written. */
#define UNTOUCHED_STATE ((enum cuda_state)77)
#define UNTOUCHED_TID	((pid_t)-77)

#define PID	 4711
#define NOT_CUDA "\"initialization error\"\n"

/* One run of the utility, as it looked from outside (facts-cuda.md). */
struct run {
	int status;
	const char *out;
	const char *err;
	int expected; /* what the function returns */
};

/* What spawn_run() and spawn_start() may return, and what becomes of it. */
struct failed_spawn {
	int error;
	int expected;
	const char *says; /* in the log */
};

#define FAILED_QUESTIONS 8
#define FAILED_SPAWNS	 7

extern const struct tool tool;
extern const struct run failed_questions[FAILED_QUESTIONS];
extern const struct failed_spawn failed_spawns[FAILED_SPAWNS];

/*
 * tool.h's functions on PID alone. What is written to *@state and *@tid is what is in
 * the target then, which has the value that was there in the beginning. Return: what came
 * of it.
 */
int get_state(unsigned int timeout_ms, enum cuda_state *state);
int get_restore_tid(pid_t *tid);
int act(enum cuda_action action, unsigned int timeout_ms);

/* Nothing was run, answered or logged. */
void again(void);

/* The same, for cmocka. */
int begin(void **state);

/* The next run looks like @run. */
void answer(const struct run *run);

/* One error was logged, about PID, that has @text in it. */
void assert_logged_once(const char *text);
void assert_nothing_logged(void);

/* All that @run printed is in the log, on the one line. */
void assert_whole_message_logged(const struct run *run);
