/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Run one command over fake_libcuda.h, and keep what it printed.
 */
#pragma once

#include "capture.h"
#include "command.h"

#define PID 7

struct outcome {
	int ret;
	struct capture out;
	struct capture err;
};

/* For cmocka: a process PID that is running. */
int reset(void **state);

/* @arguments are about PID, unless they name another. */
struct outcome run(struct arguments arguments);
struct outcome act(enum cuda_action action);
struct outcome toggle(void);

/* Both streams are compared whole. */
void assert_outcome(const struct outcome *outcome, int ret, const char *out,
		    const char *err);
