/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for spawn.c: programs that do not run, but answer by a script.
 *
 * The nth call, spawn_run() or spawn_start(), gets the nth answer that was put down; a
 * call beyond the last one fails with -ENOEXEC. Every call is written down, words in
 * brackets if need be, and how long a spawn_run() may take:
 *
 *     "cuda-checkpoint --help (60000 ms);cuda-checkpoint --get-state --pid 7;"
 *
 * A program that was started prints when it is waited for, and has ended when it is
 * looked at next; unless it hangs. No time passes but while one that hangs is waited for.
 */
#pragma once

#include "spawn.h"

#define FAKE_SPAWN_ANSWERS_MAX 16

struct fake_spawn {
	unsigned int calls;   /* so far */
	unsigned int answers; /* put down */
	unsigned int at_work; /* started, and neither reaped, killed nor left */
	unsigned int most_at_work;
	unsigned int killed;
	unsigned int left;
	char journal[8192];
};

extern struct fake_spawn fake_spawn;

/* No call yet, and no answer. */
void fake_spawn_reset(void);

/* The next call ends with @status and prints @out and @err; NULL: nothing. */
void fake_spawn_answer(int status, const char *out, const char *err);

/* The same, with NUL bytes or more than fits: @out and @err may be any bytes. */
void fake_spawn_answer_bytes(int status, const char *out, size_t out_length,
			     const char *err, size_t err_length);

/*
 * The next call fails with @error, a negative errno. With -ETIMEDOUT or -ECHILD a program
 * is started nevertheless, and spawn_reap() says so: its time is over, whatever the clock
 * of the caller says, or somebody else took its status.
 */
void fake_spawn_fail(int error);

/* The next call, a spawn_start(), prints @out and then hangs. */
void fake_spawn_hang(const char *out);
