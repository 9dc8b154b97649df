/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that are a CRIU, or the guardian of one, by their command lines: a word of it
 * is the program "criu", whatever runs that. Only reads /proc. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cleanup.h"

enum criu_work {
	CRIU_WORK_UNKNOWN, /* told over a socket, as by container runtimes */
	CRIU_DUMPS,
	CRIU_RESTORES,
};

struct criu_process {
	pid_t pid;
	enum criu_work work;
	bool is_guardian; /* of the plugin */
};

/* Show @see each there is, the caller's process apart. */
void criu_process_walk(void (*see)(void *subject, const struct criu_process *process),
		       void *subject);

/*
 * Understand @words, of @size bytes, each word with a zero behind it. Return: is it a
 * CRIU?
 */
bool criu_process_parse(const char *words, size_t size, enum criu_work *ret_work);
