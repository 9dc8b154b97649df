/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Populate fresh memory of another process, by threads of our own.
 *
 *	ret = populate_start(pid, address, bytes, threads, &populate);
 *	... until populate_is_done(populate) ...
 *	populate_end(populate, &outcome);
 *
 * The memory is anonymous, private and writable, and nobody uses it until populate_end()
 * has returned: zeros are written to it. One byte for each 2 MiB is enough where the
 * kernel has huge pages; where it gives none, one for each page. Our threads take no
 * signal. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

#define POPULATE_THREADS_MAX 16

struct populate;

struct populate_outcome {
	int ret; /* 0: all is populated; -ECANCELED: ended before; another -errno */
	unsigned int threads;
	unsigned int took_ms;
};

/*
 * Begin, with @threads threads, or as many as there can be, on the @bytes at @address of
 * the process or thread @pid. The caller may ptrace it.
 *
 * Return: 0, and populate_end() is needed; -errno.
 */
int populate_start(pid_t pid, uintptr_t address, size_t bytes, unsigned int threads,
		   struct populate **ret_populate) must_check;

/* Is nothing left to be done, or has it failed? */
bool populate_is_done(struct populate *populate);

/* Wait for its threads, which finish the 2 MiB that they are at, and free it. */
void populate_end(struct populate *populate, struct populate_outcome *ret_outcome);
