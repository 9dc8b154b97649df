/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of the kernel that a test makes up: a path, and what stands in it.
 *
 * The test replaces fopen() by file_tree_open(), with a __wrap_fopen() of its own. A path
 * that was not added is not there (ENOENT).
 */
#pragma once

#include <stdio.h>

#include "cleanup.h"

/* No file at all. */
void file_tree_clear(void);

/* @path holds what is printed; what it held before is forgotten. */
void file_tree_add(const char *path, const char *format, ...) printf_format(2, 3);

/* @path cannot be opened, or be opened but not read: @error, an errno. */
void file_tree_fail_open(const char *path, int error);
void file_tree_fail_read(const char *path, int error);

/* In place of fopen(). */
FILE *file_tree_open(const char *path);
