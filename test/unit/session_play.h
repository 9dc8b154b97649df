/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of CRIU, played over the fakes: a dump up to some point, or a restore.
 *
 * Each hook's answer is checked at once. What must hold in the end is the test's to
 * check, in the world of fake_proc.h as the run left it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "session_processes.h"

#define PROCESSES_MAX 3

/* Where a dump ends, if no hook ends it before. */
enum end_step {
	AFTER_PAUSE, /* of process end_at, which is not seized yet */
	AFTER_SEIZE,
	AFTER_CHECKPOINT, /* CRIU fails by itself, later */
	LEAVE_ALIVE,	  /* after the last one, as after --leave-running */
	KILL,		  /* after the last one: nothing is owed */
};

/* What is asked for. All zero but the kinds is a dump that ends after the first pause. */
struct scenario {
	size_t count;
	enum kind kinds[PROCESSES_MAX];
	bool is_restore;
	bool ask_every_process;
	bool offloads;	 /* memory goes into images, of two processes at a time */
	size_t surveyed; /* so many are there when the tree is surveyed; 0: all */
	enum end_step end;
	size_t end_at;
	unsigned int fail_call;
	bool fail_ever_after;
	enum fake_failure failure;
};

/* What came of it. */
struct outcome {
	const char *broken; /* the claim that a hook broke, or NULL */
	bool failed;	    /* a hook returned an error */
	bool gave_back;
	int give_back;
	int again;		   /* a second session_give_back() */
	unsigned int at_give_back; /* calls before it */
};

/* Is a hook of the session's running now? */
extern bool in_session;

/* Note that @claim is broken, unless another was before. */
void break_claim(struct outcome *outcome, const char *claim);

/* The world is as the run left it; the session's memory has been released. */
struct outcome play_dump(const struct scenario *scenario);
struct outcome play_restore(const struct scenario *scenario);
