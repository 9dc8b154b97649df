/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keep a host from reaping the children of a part of it.
 *
 * CRIU's SIGCHLD handler reaps whatever has ended, and an ignored SIGCHLD makes the
 * kernel reap by itself: either would take the status of our child from us. Between the
 * two calls neither happens. Does not log.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

#include "cleanup.h"

/* What had to be changed. */
struct sigchld {
	sigset_t mask;
	bool replaced;
	struct sigaction action;
};

/* Return: 0; -errno, and then nothing is changed. */
int sigchld_hold(struct sigchld *held) must_check;

/* All is as it was. */
void sigchld_put_back(const struct sigchld *held);
