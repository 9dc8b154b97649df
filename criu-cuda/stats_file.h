/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A line of the file that the plugin's option stats=PATH has made. Does not log.
 */
#pragma once

#include <stddef.h>

#include "cleanup.h"

/*
 * Read line @number, from 1 on, of the file @path; the last one if @number is 0. No more
 * than a line is held in memory.
 *
 * Return: 0 with *@ret_line, which the caller frees, its newline included where there is
 * one; -ENODATA if there is no such line; -EFBIG if it is longer than a line of the
 * plugin can be; -EINVAL if the file is none of bytes (a directory, a FIFO); another
 * -errno.
 */
int stats_file_line(const char *path, unsigned long number, char **ret_line,
		    size_t *ret_length) must_check;
