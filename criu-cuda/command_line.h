/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line, read and checked.
 *
 * What is accepted here makes sense as a whole. All messages about a bad command line
 * come from here, on stderr, with a hint at --help.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cleanup.h"

enum command {
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_INSPECT,
	COMMAND_VERIFY,
	COMMAND_DOCTOR,
	COMMAND_RECOVER,
	COMMAND_STATS,
	COMMAND_WATCH,
};

struct command_line {
	enum command command;
	const char *directory; /* of COMMAND_INSPECT and _VERIFY; the argument itself */
	bool json;	       /* of COMMAND_INSPECT and _DOCTOR */
	unsigned int threads;  /* of COMMAND_VERIFY; 0: it was not said */
	bool restorable;       /* of COMMAND_INSPECT */
	const char *libdir;    /* of COMMAND_INSPECT and _DOCTOR; the argument, or NULL */
	pid_t pid;	       /* of COMMAND_DOCTOR and _RECOVER; 0: it was not said */
	pid_t tree;	       /* of COMMAND_RECOVER; 0: it was not said */
	const char *images;    /* of COMMAND_RECOVER; the argument itself, or NULL */

	/* Of COMMAND_STATS. */
	const char *file; /* the argument itself */
	bool svg;
	unsigned long line_number; /* 0: the last */

	/* Of COMMAND_WATCH. */
	const char *place;	 /* the argument itself */
	unsigned int interval_s; /* 0: it was not said */
};

/*
 * Read @argv, which getopt may reorder. --help and --version win over all that follows.
 *
 * Return: 0 with *@ret_line; -EINVAL for a bad command line, reported on stderr.
 */
int command_line_parse(int argc, char *argv[], struct command_line *ret_line) must_check;
