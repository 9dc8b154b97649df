/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes, found by their names. Only reads /proc. Does not log.
 */
#pragma once

#include <sys/types.h>

#include "cleanup.h"

/*
 * The process with the least pid above @after that has the name @name, of which the
 * kernel keeps 15 characters; 0 if there is none that can be seen. The caller does not
 * count.
 *
 * Return: 0 with *@ret_pid; -errno if /proc cannot be read.
 */
int process_name_find(const char *name, pid_t after, pid_t *ret_pid) must_check;
