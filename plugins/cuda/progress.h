/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a long piece of work on the memory of a process has come, for people who wait:
 *
 *	progress_begin(&progress, pid, "written", bytes);
 *	... progress_add(&progress, size), from any thread, as parts are done ...
 *
 * Every PROGRESS_INTERVAL_MS a line is logged with the percentage and the speed so far;
 * none for work that takes less.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#define PROGRESS_INTERVAL_MS 5000

struct progress {
	pid_t pid;
	const char *done_word; /* borrowed; what has become of the memory */
	uint64_t bytes;
	int64_t began_ms;
	_Atomic uint64_t done;
	_Atomic int64_t next_ms; /* when the next line is due */
};

void progress_begin(struct progress *progress, pid_t pid, const char *done_word,
		    uint64_t bytes);

/* @bytes more are done. Takes no lock. */
void progress_add(struct progress *progress, uint64_t bytes);
