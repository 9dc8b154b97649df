/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keep a host from reaping the children of a part of it.
 *
 * CRIU's SIGCHLD handler reaps whatever has ended, and an ignored SIGCHLD makes the
 * kernel reap by itself: either would take the status of our child from us. Between the
 * two calls neither happens. Stops of those who are traced are told, too. Does not log.
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

/*
 * While it is held: a descriptor that is readable when it has come, for poll(). The
 * caller closes it. Return: it, or -errno.
 */
int sigchld_open(void) must_check;

/* Has it come? It is taken then: sigchld_send_again() before it is put back. */
bool sigchld_has_come(int fd);
void sigchld_send_again(void);

/* All is as it was. */
void sigchld_put_back(const struct sigchld *held);
