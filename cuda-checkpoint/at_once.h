/* SPDX-License-Identifier: MIT */
/*
 * One operation on several processes, at once.
 *
 * Each process has a worker (worker.h), and CONTRACT_AT_ONCE of them work at a time: so
 * many processes, the first ones, begin together, each other one when one before it has
 * its answer.
 *
 * The answers are one line each on stdout, each as soon as it is known, in whatever order
 * that is: one that hangs holds none back. Each is written at once, and by one write if
 * stdout takes it whole:
 *
 *     PID STATE               --get-state
 *     PID TID                 --get-restore-tid
 *     PID ok MILLISECONDS     --action: how long the driver took
 *     PID error CODE "TEXT"   any that failed
 *
 * A blank between the words. CODE is the driver's CUresult, and TEXT its words. Where the
 * failure is not the driver's answer CODE is 0: no driver here, a worker that could not
 * be started or was killed, a process that ended while the driver was at work on it. TEXT
 * has no quote, no line end and no other control character in it.
 *
 * The driver may wait for ever for a process that has ended: a worker that has not
 * answered AT_ONCE_GRACE_MS after that is killed. A stopped process is waited for.
 *
 * That nobody reads the lines any more ends nothing. A signal that ends the utility ends
 * its workers with it, and what the driver has begun it finishes: ask for the state.
 *
 * Others can see in /proc/PID/comm, for each process of the utility's, on what it is at
 * work:
 *
 *     CONTRACT_NAME_PREFIX + pid   on that one: a worker, from its first step on
 *     CONTRACT_NAME_PREFIX alone   on none: the parent, when it has started all workers
 *     any other                   on all that its command line names
 *
 * The last holds for the parent before that, for a worker that has not made its first
 * step, for one whose pid is too long for a name (no process has such a pid), and for the
 * utility with one pid. The pids are as they were given.
 */
#pragma once

#include "arguments.h"
#include "cleanup.h"
#include "contract.h"

#define AT_ONCE_GRACE_MS 1000

/*
 * Carry out @arguments, which come from arguments_parse(): an operation that
 * command_ask() takes, on more than one process. libcuda must not have been loaded;
 * SIGCHLD is set to its default. Nothing is said on stderr. Whether the lines could be
 * written is for the caller to see in stdout.
 *
 * Return: 0 if it succeeded for all; -EIO if not, and the lines say for which.
 */
int at_once_run(const struct arguments *arguments) must_check;
