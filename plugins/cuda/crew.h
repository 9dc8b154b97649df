/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbered pieces of work, done by several threads.
 *
 * The threads have all signals blocked, and none is left when crew_run() returns. What
 * the pieces share is the business of whoever gives them. Does not log.
 */
#pragma once

#include <stdint.h>

#include "cleanup.h"
#include "reason.h"

/* More threads than that are never at work. */
#define CREW_HANDS_MAX 64u

struct crew_work {
	/*
	 * Do the piece @number. No two pieces have the same @hand, which is below the
	 * number of threads, at the same time: what belongs to it needs no lock.
	 *
	 * Return: 0; -errno, with the reason.
	 */
	int (*piece)(void *subject, unsigned int hand, uint64_t number,
		     char ret_reason[REASON_MAX]);
	void *subject;
	uint64_t count; /* the pieces are 0 to @count - 1 */
};

/* How many threads @wanted and @count come to: 1 to CREW_HANDS_MAX. */
unsigned int crew_hands(unsigned int wanted, uint64_t count);

/*
 * Do the pieces of @work, in the order of their numbers as far as there is one, by @hands
 * threads, of crew_hands(). The caller's is one of them: where the system refuses
 * another, those that there are do it.
 *
 * Return: 0 if all pieces were done; else what the first that failed returned, with its
 * reason. No piece is begun after that, and those that were are at their end.
 */
int crew_run(const struct crew_work *work, unsigned int hands,
	     char ret_reason[REASON_MAX]) must_check;
