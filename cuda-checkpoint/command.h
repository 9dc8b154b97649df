/* SPDX-License-Identifier: MIT */
/*
 * What the utility does to one process: from the arguments to the driver and back to one
 * line. Several processes, and their lines, are the matter of at_once.h.
 *
 * Answers go to stdout and errors to stderr, in the words of NVIDIA's utility:
 * programs compare them. Nothing initialises CUDA in this process, except a
 * restore that the driver refuses for the want of it.
 */
#pragma once

#include "arguments.h"
#include "cleanup.h"
#include "libcuda.h"

/* Room for the driver's words, or for ours. */
#define COMMAND_REASON_SIZE 512

/* What has become of an operation on one process. */
struct command_answer {
	bool succeeded;
	int value; /* an enum cuda_state for get-state, the tid for get-restore-tid */
	int code;  /* of a failure: the driver's CUresult; 0 if it is not the driver's */
	char reason[COMMAND_REASON_SIZE]; /* of a failure, in words */
};

/*
 * Carry out @arguments, which come from arguments_parse() and ask for anything but help,
 * a toggle and what gpu_memory.h does, on the process arguments->pid. Silent: all there
 * is to say is in *@ret_answer.
 */
void command_ask(const struct arguments *arguments, struct libcuda *libcuda,
		 struct command_answer *ret_answer);

/*
 * Carry out @arguments, which come from arguments_parse() and ask for something of
 * the driver, and of one process: neither for help nor for what gpu_memory.h does, and
 * not for what at_once.h does. The answer may still be in stdout's buffer on return.
 *
 * A toggle that cannot checkpoint a process unlocks it again.
 *
 * Return: 0; -EIO if the driver refused; -ENOSYS if this driver has no device
 * maps. Both are reported on stderr.
 */
int command_run(const struct arguments *arguments, struct libcuda *libcuda) must_check;
