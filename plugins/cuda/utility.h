/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of cuda-checkpoint, and what it printed, understood.
 *
 * What the driver says is the same words in NVIDIA's utility and in ours. Does not log.
 */
#pragma once

#include "spawn.h"

/* What came of one run. */
struct utility_answer {
	struct spawn_result result;
	char message[2 * SPAWN_OUTPUT_MAX + 64]; /* on one line: why it failed */
};

/*
 * Run @argv, as spawn_run().
 *
 * Return: 0 if it ran and succeeded. Else, with the reason in the message:
 *   -ENXIO      it says that the process has no CUDA
 *   -ETIMEDOUT  it says that the process is at work, or the time was over
 *   -EBUSY      it says that the process is in the wrong state
 *   -ENOENT     there is no such program
 *   -ESRCH, -ECANCELED, SPAWN_LEAVE
 *               what the watch said
 *   -ENOMEM     no memory to run it
 *   -EIO        any other failure; what it was never stands for a finding
 */
int utility_run(const char *const argv[], unsigned int timeout_ms,
		const struct spawn_watch *watch,
		struct utility_answer *answer) must_check;

/* Make the message all that was printed; for an answer that makes no sense. */
void utility_keep_message(struct utility_answer *answer);

/*
 * The one word that was answered: stdout must hold it, a newline and nothing else, and
 * it can be printed. Return: the word, in @answer, or NULL with the reason in the
 * message.
 */
const char *utility_word(struct utility_answer *answer);
