/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world of a caller of spawn.c: children, descriptors, the mask, the handler of
 * SIGCHLD. A run has to leave it as it found it. And scripts to run.
 */
#pragma once

#include <signal.h>

#include "spawn.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define LAST_SIGNAL   64

/* What a loaded machine may add to a time that is bounded. */
#define SLACK_MS 5000

struct world {
	struct sigaction action; /* of SIGCHLD */
	sigset_t mask;
	unsigned int fds;
};

/* As it was when the test began. */
extern struct world before;

/* Around each test, for cmocka: note the world, and put its signals back. */
int note_world(void **state);
int put_back_signals(void **state);

/* With a mask of its own, which is to be left too. */
void set_sigchld(void (*handler)(int), int flags);

struct world look(void);
void assert_same_world(const struct world *then);

/* Nobody is left to be waited for. */
void assert_no_child(void);

/* Orphans come to us, so that they can be ended and reaped. */
void adopt_orphans(void);

/* Wait for all that are left to end. */
void reap_all(void);

/* By /bin/sh; as spawn_run(). */
int run_script(const char *script, unsigned int timeout_ms, struct spawn_result *result);

/* After 200 ms, with nothing left but orphans. */
void assert_times_out(const char *script);
