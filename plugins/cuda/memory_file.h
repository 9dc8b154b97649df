/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers that the kernel tells in files, about memory.
 *
 * What is not a plain number is an error, never a guess. Does not log.
 */
#pragma once

#include <stdint.h>

#include "cleanup.h"

/* "max", in the files of a cgroup */
#define MEMORY_FILE_MAX UINT64_MAX

/*
 * The number in the file @name of @directory. It stands behind @key, in a line "KEY
 * NUMBER" or "KEY: NUMBER kB", and is told in bytes; or alone, if @key is NULL.
 *
 * Return: 0; -EBADMSG if there is no such line, or no number in it; -ENOMEM; another
 * -errno if it cannot be read.
 */
int memory_file_read(const char *directory, const char *name, const char *key,
		     uint64_t *ret_number) must_check;
