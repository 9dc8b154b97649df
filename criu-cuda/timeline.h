/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a dump or restore did what, with which process: a line of the file that the
 * plugin's option stats=PATH has made, understood.
 *
 * The line may be damaged or forged. What is here has been checked: words are ones that
 * are known, numbers within bounds. No text of the line is kept. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"
#include "reason.h"

/* No dump comes near: a process takes some 400 bytes. */
#define TIMELINE_LINE_MAX (4u << 20)

/* Of all processes together, in the order in which they happen. */
enum timeline_phase {
	PHASE_FIND,
	PHASE_LOCK,
	PHASE_CHECKPOINT,
	PHASE_RESTORE,
	PHASE_COUNT, /* not a phase */
};

/* With one process: first what a dump does, then what a restore does. */
enum timeline_step {
	STEP_LOCK,
	STEP_CHECKPOINT,
	STEP_WRITE,
	STEP_FILL,
	STEP_RESTORE,
	STEP_UNLOCK,
	STEP_COUNT, /* not a step */
};

enum timeline_found {
	FOUND_RUNNING,
	FOUND_LOCKED,
	FOUND_CHECKPOINTED,
	FOUND_COUNT, /* nothing that is found */
};

struct timeline_span {
	bool took_place;
	double begin_ms, ms; /* each from 0 to TIMELINE_MS_MAX */
};

/* Some 30 years. */
#define TIMELINE_MS_MAX 1e12

struct timeline_process {
	int pid; /* > 0 */
	enum timeline_found found;
	bool is_bytes_known;
	uint64_t bytes;
	uint64_t lock_tries; /* 0: it was not locked */
	struct timeline_span steps[STEP_COUNT];
};

struct timeline {
	bool is_restore; /* else a dump */
	bool succeeded;
	double began; /* seconds since 1970 */
	uint64_t parallel, others, runs;
	struct timeline_span phases[PHASE_COUNT];
	struct timeline_process *processes; /* owned */
	size_t process_count;
};

/* struct timeline timeline autorelease_timeline = { .processes = NULL }; */
#define autorelease_timeline __attribute__((cleanup(timeline_release)))

/*
 * Understand the @length bytes at @text, a line with or without its newline. Keys that
 * are not known are passed over.
 *
 * Return: 0 with a timeline that the caller releases; -EBADMSG if it is no such line,
 * damaged or of another format; -ENOMEM. With a reason.
 */
int timeline_parse(const char *text, size_t length, struct timeline *ret_timeline,
		   char ret_reason[REASON_MAX]) must_check;

/* May be called twice. */
void timeline_release(struct timeline *timeline);

/* When the last of it ended. */
double timeline_end_ms(const struct timeline *timeline);

/* The words of the line. */
const char *timeline_phase_name(enum timeline_phase phase);
const char *timeline_step_name(enum timeline_step step);
const char *timeline_found_name(enum timeline_found found);
