/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which processes are worth to be asked whether they are CUDA processes. Logs failures.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cleanup.h"

/*
 * Can @pid be a CUDA process? @ask_every_process: any can.
 *
 * Return: 0 with *@ret_may, false if it has ended; -errno if that cannot be seen.
 */
int candidate_check(pid_t pid, bool ask_every_process, bool *ret_may) must_check;
