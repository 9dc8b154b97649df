/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the command line of a CRIU says it dumps. Its guardian has the same command line.
 * Does not log.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"

/*
 * Read @words, of @size bytes, each word with a zero behind it, for the root of the tree
 * that is dumped: "-t PID", "-tPID", "--tree PID" or "--tree=PID".
 *
 * Return: it; 0 if nothing is said of it, as by a restore, or below a container runtime.
 */
pid_t dump_root_parse(const char *words, size_t size) must_check;

/* The same of the process @pid. Return: 0 too if its command line cannot be read. */
pid_t dump_root_of(pid_t pid) must_check;
