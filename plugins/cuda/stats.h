/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a dump or restore took: per phase and per process, for people who plot it.
 *
 *	stats_init(&stats);
 *	stats_begin(&stats, STATS_FIND); ... stats_end(&stats, STATS_FIND); ...
 *	ret = stats_write(&stats, path, ...);
 *
 * The file gets one line more for each dump or restore: one JSON object,
 *
 *     {"format":1,"operation":"dump","succeeded":true,"began":1795646798.123,
 *      "parallel":8,"others":100,"runs":7,
 *      "phases":{"find":{"begin_ms":0.012,"ms":3.250},"lock":...,"checkpoint":...,
 *        "restore":...},
 *      "processes":[{"pid":11,"found":"running","bytes":1073741824,
 *        "lock":{"begin_ms":3,"ms":3,"tries":2},"checkpoint":{"begin_ms":50,"ms":900},
 *        "restore":...,"unlock":...,"write":{"begin_ms":960,"ms":400},"fill":...}]}
 *
 *     operation   "dump" or "restore"
 *     began       seconds since 1970; each begin_ms counts from then, each ms from that
 *     parallel    on how many processes at most an operation was done at once
 *     others      processes of the tree that have no CUDA
 *     runs        of cuda-checkpoint
 *     phases      of all together: to look for the processes and ask where they
 *                 stand; to lock; to checkpoint; to restore and unlock, in a dump
 *                 to give back. From its first beginning to its last end
 *     processes   "found": the rung (a restore finds all checkpointed); "bytes": of GPU
 *                 memory, null if that is not known; then the last action of each kind,
 *                 the start of the utility included; then what it took to write its
 *                 GPU memory into an image of its own, drop it from the process, and
 *                 fill it again
 *
 * A phase that did not take place is left out, and what was not done, or failed.
 * Where the plugin had nothing to do with a dump or restore there is no line. Does not
 * log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cuda_process.h"

enum stats_phase {
	STATS_FIND,
	STATS_LOCK,
	STATS_CHECKPOINT,
	STATS_RESTORE,
	STATS_PHASES, /* not a phase */
};

struct stats {
	int64_t began_us; /* as clock_us() has it */
	int64_t began_unix_ms;
	struct {
		int64_t begin_us, end_us; /* 0: not yet */
	} phases[STATS_PHASES];
};

/* What stands for the whole. */
struct stats_summary {
	const char *operation;
	bool succeeded;
	size_t parallel;
	size_t others;
	unsigned int runs;
};

void stats_init(struct stats *stats);

/* Of what comes more than once the first beginning and the last end count. */
void stats_begin(struct stats *stats, enum stats_phase phase);
void stats_end(struct stats *stats, enum stats_phase phase);

/*
 * Append the line for the @count @processes to the file @path, which is made if it is not
 * there. Return: 0 or -errno.
 */
int stats_write(const struct stats *stats, const char *path,
		const struct stats_summary *summary,
		struct cuda_process *const processes[], size_t count) must_check;
