/* SPDX-License-Identifier: MIT */
/*
 * The command line, read and checked.
 *
 * What is accepted here makes sense as a whole: one operation, a pid where it
 * needs one, each pid once (--get-memory takes any), and no option that the operation
 * would ignore. All messages about a bad command line come from here, on stderr, some
 * followed by the help.
 */
#pragma once

#include "cleanup.h"
#include "cuda_state.h"
#include "device_pairs.h"

enum operation {
	OPERATION_NONE = 0, /* never the result of a successful parse */
	OPERATION_HELP,
	OPERATION_GET_STATE,
	OPERATION_GET_RESTORE_TID,
	OPERATION_ACTION,
	OPERATION_TOGGLE,
	OPERATION_GET_MEMORY,
};

struct arguments {
	enum operation operation;
	enum cuda_action action; /* for OPERATION_ACTION */
	int pid;		 /* positive, but for OPERATION_HELP; the last given */
	int *pids;		 /* all that were given; owned */
	size_t pid_count;	 /* 1 for OPERATION_TOGGLE */
	bool timeout_given;
	unsigned int timeout_ms;	/* 0: no limit */
	struct device_pairs device_map; /* owned */
};

/*
 * Read @argv, which getopt may reorder. --help wins over all that follows it.
 *
 * Return: 0 with *@ret_arguments, to be released; -EINVAL for a bad command
 * line and -ENOMEM, both reported on stderr.
 */
int arguments_parse(int argc, char *argv[], struct arguments *ret_arguments) must_check;

/* Free what @arguments holds; all zero is fine. */
void arguments_release(struct arguments *arguments);
