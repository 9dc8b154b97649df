/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lock processes that run, all of them together.
 *
 * A lock waits for the work that the process has in flight, and holds up what it would
 * launch. There are two reasons why it may have to wait for long:
 *
 * - The work of ranks (NCCL) ends when all ranks have launched theirs. A rank that is
 *   locked launches nothing: another that has launched its part waits for ever, in any
 *   order of locking, whatever the timeout. What helps is to let all go and to try again,
 *   until in one moment all have launched the same. So: all at once, for a short time
 *   (LOCK_SLOT_MS), and if one is refused unlock the others, wait for a random time, and
 *   again.
 * - The process has a long kernel of its own, or many. What helps is time, and a short
 *   slot starves it.
 *
 * A refusal does not tell which of the two it was. So a refused process is then asked by
 * itself, with all the time that is left, while the others run: whatever it may wait for
 * comes, so it is locked when its own work is done, and how long that took is what it
 * needs. A rank is locked at once, and is tried with the others in the next short slot.
 * One that needs longer than a slot is slow: from then on the slow ones are locked first,
 * all at once, for twice the time that the slowest needed, while the others still run;
 * then they are held, and the others get their short slots around them. Should the others
 * be refused LOCK_TRIES_AROUND times, they may be waiting for one that is held: all are
 * let go, and those join the slow ones. If there is one slow one alone it is held as soon
 * as it has been asked by itself. Who is not slow is asked again every few refusals, and
 * the time for the slow ones is doubled every two, since one may have been asked at the
 * end of a kernel.
 *
 * One process alone has all the time from the beginning.
 *
 * Logs an outcome for each process.
 *
 * Source of the numbers: two ranks on two H200, driver 580: 1 to 6 tries.
 */
#pragma once

#include "cuda_process.h"

#define LOCK_SLOT_MS	  50
#define LOCK_PAUSE_MAX_MS 30
#define LOCK_TRIES_AROUND 8

/*
 * Lock all of the @count @processes, at least one, which run, in @timeout_ms, 0 for no
 * limit. One that ends meanwhile is passed over: -ESRCH is noted for it. How often they
 * were tried is noted too. On failure all that were locked here are unlocked again.
 *
 * Return: 0 if all are locked; -ETIMEDOUT if that could not be done in time, and the log
 * says for which, and how often it was tried; another -errno of tool.h, logged, after
 * which one may be on an uncertain rung.
 */
int lock_together(const struct tool *tool, struct cuda_process *const processes[],
		  size_t count, unsigned int timeout_ms) must_check;
