/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for spawn.c: programs that do not run, but answer by a script.
 *
 * The nth call gets the nth answer that was put down; a call beyond the last one
 * is answered -ENOEXEC. Every call is written down, words in brackets if need be:
 *
 *     "cuda-checkpoint --get-state --pid 7 (0 ms);"
 *
 * Nothing is watched; what the watch was is noted. A watch that gives up is a call that
 * fails with its error.
 */
#pragma once

#include "spawn.h"

#define FAKE_SPAWN_ANSWERS_MAX 16

struct fake_spawn {
	unsigned int calls;		 /* so far */
	unsigned int answers;		 /* put down */
	const struct spawn_watch *watch; /* of the last call */
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

/* The next call fails with @error, a negative errno. */
void fake_spawn_fail(int error);
