/* SPDX-License-Identifier: MIT */
/*
 * What the utility does: from the arguments to the driver and back to one line.
 *
 * Answers go to stdout and errors to stderr, in the words of NVIDIA's utility:
 * programs compare them. Nothing initialises CUDA in this process, except a
 * restore that the driver refuses for the want of it.
 */
#pragma once

#include "arguments.h"
#include "cleanup.h"
#include "libcuda.h"

/*
 * Carry out @arguments, which come from arguments_parse() and ask for something of
 * the driver: neither for help nor for what gpu_memory.h does. The answer may still be in
 * stdout's buffer on return.
 *
 * A toggle that cannot checkpoint a process unlocks it again.
 *
 * Return: 0; -EIO if the driver refused; -ENOSYS if this driver has no device
 * maps. Both are reported on stderr.
 */
int command_run(const struct arguments *arguments, struct libcuda *libcuda) must_check;
