/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file below /proc/PID, and what its errors mean. Does not log.
 */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <sys/types.h>

#include "cleanup.h"

#define PROC_FILE_PATH_MAX 64 /* "/proc/PID/task/TID/status" and then some */

/*
 * @error is what the open or the read has set. Return: -ESRCH for a process that has
 * ended, also for one that ends between the two, which the kernel answers with ESRCH;
 * -@error.
 */
static inline int proc_file_error(int error)
{
	return error == ENOENT || error == ESRCH ? -ESRCH : -error;
}

/* Open /proc/@pid/@file to read it. Return: 0; -ESRCH; another -errno. */
static inline must_check int proc_file_open(pid_t pid, const char *file,
					    FILE **ret_stream)
{
	char path[PROC_FILE_PATH_MAX];
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	stream = fopen(path, "re");
	if (!stream)
		return proc_file_error(errno);

	*ret_stream = stream;
	return 0;
}
