/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process has open, and how far in it. Only reads /proc. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "cleanup.h"

struct open_file {
	pid_t pid;
	int number; /* of the descriptor there */
	struct stat stat;
};

/* Show @see each file that @pid has open; none if that cannot be seen. */
void open_files_walk(pid_t pid, void (*see)(void *subject, const struct open_file *file),
		     void *subject);

/* Its position: 0 if it cannot be seen. */
uint64_t open_file_position(const struct open_file *file);

/* Does the name of @file end with @ending? */
bool open_file_is_named(const struct open_file *file, const char *ending);

/*
 * Open it too, to read it, whatever its name is now; without waiting. Return: a
 * descriptor for the caller; -errno.
 */
int open_file_share(const struct open_file *file, int flags) must_check;

/* The position in @text, a page of fdinfo. Return: 0 with *@ret_position; -EBADMSG. */
int open_file_parse_position(const char *text, uint64_t *ret_position) must_check;
