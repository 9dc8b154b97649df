/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "criu-cuda recover", from what the command line says; recovery.h does the work.
 *
 * Reads the plugin's options, for the utility. Errors go to stderr.
 */
#pragma once

#include <sys/types.h>

#include "cleanup.h"

struct recover_order {
	pid_t pid;	    /* 0: a tree */
	pid_t tree;	    /* its root; 0: one process */
	const char *images; /* directory of the dump; NULL: not said */
};

/* Return: 1 if all of them run; 0 if not; -errno if it could not begin, and said so. */
int recover_processes(const struct recover_order *order) must_check;
