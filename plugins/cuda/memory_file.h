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
 * The one number in the file @path, or MEMORY_FILE_MAX for the word "max".
 *
 * Return: 0; -EBADMSG if it is neither; another -errno if it cannot be read.
 */
int memory_file_number(const char *path, uint64_t *ret_number) must_check;

/*
 * The number behind @key in the file @path, of lines "KEY NUMBER" or "KEY: NUMBER kB"; in
 * bytes in the second case.
 *
 * Return: 0; -EBADMSG if there is no such line, or no such number; another -errno if it
 * cannot be read.
 */
int memory_file_field(const char *path, const char *key, uint64_t *ret_number) must_check;
