/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * at_once_run() with real workers, over fake_libcuda.h: each worker has a fake of its
 * own, and what is to go wrong in it is a function that it calls first.
 */
#pragma once

#include <stdatomic.h>

#include "arguments.h"
#include "capture.h"

/* What the test and all workers see. */
struct shared {
	atomic_int begun;  /* workers so far */
	atomic_int now;	   /* workers at work */
	atomic_int most;   /* of them at a time */
	atomic_int worker; /* the pid of one */
	atomic_int right;  /* workers that have seen what they should */
};

extern struct shared *shared;

/* Called in each worker, before the driver is, with what it is to do. May be NULL. */
extern void (*in_worker)(const struct arguments *arguments);

struct outcome {
	int ret;
	struct capture out;
	struct capture err;
};

/* For cmocka: nothing is to go wrong, and nobody has begun. */
int reset(void **state);

/* Every process has CUDA, not only the fake's. */
void has_cuda(const struct arguments *arguments);

/* --get-state of @pids, up to one that is 0. */
struct outcome states_of(const int *pids);
/* Any operation on them. */
struct outcome run_on(struct arguments arguments, const int *pids);

/* @count pids from @first on, and a 0; static. */
const int *pids_from(int first, unsigned int count);

/* The lines of @got are those of @lines, in any order. */
void assert_lines(const char *got, const char *lines);

/* The lines @out in any order; nothing on stderr, ever. */
void assert_outcome(const struct outcome *outcome, int ret, const char *out);
