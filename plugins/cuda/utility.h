/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run of cuda-checkpoint printed, understood.
 *
 * What the driver says is the same words in NVIDIA's utility and in ours. Does not log:
 * the reason of a failure is text, one line, cut at UTILITY_MESSAGE_SIZE.
 */
#pragma once

#include "spawn.h"

/* More than that CRIU's log does not take in a line. */
#define UTILITY_MESSAGE_SIZE 4096

/*
 * What came of a run that ended.
 *
 * Return: 0 if it succeeded. Else, with the reason in @ret_message:
 *   -ENXIO      it says that the process has no CUDA
 *   -ETIMEDOUT  it says that the process is at work
 *   -EBUSY      it says that the process is in the wrong state
 *   -EIO        any other failure; what it was never stands for a finding
 */
int utility_judge(const struct spawn_result *result,
		  char ret_message[UTILITY_MESSAGE_SIZE]) must_check;

/* The same for the words of a failure alone, in quotes as the utility prints them. */
int utility_judge_words(const char *words) must_check;

/*
 * What it means that @program could not be run, or not to its end: @error is what spawn.h
 * says. Most errors would stand for something else to the callers: "no CUDA here" is
 * never a guess from a failure.
 *
 * Return: -ENOENT, -ETIMEDOUT (after @timeout_ms), -ENOMEM; -EIO for any other; the
 * reason is in @ret_message.
 */
int utility_explain(const char *program, int error, unsigned int timeout_ms,
		    char ret_message[UTILITY_MESSAGE_SIZE]) must_check;

/* All that was printed; for an answer that makes no sense. */
void utility_quote(const struct spawn_result *result,
		   char ret_message[UTILITY_MESSAGE_SIZE]);

/*
 * The one word that was answered: stdout must hold it, a newline and nothing else, and
 * it can be printed. Return: the word, in @result, or NULL.
 */
const char *utility_word(struct spawn_result *result);

/*
 * Run @argv to its end. Return: what utility_explain() or utility_judge() returns, and
 * the message of it.
 */
int utility_run(const char *const argv[], unsigned int timeout_ms,
		struct spawn_result *ret_result,
		char ret_message[UTILITY_MESSAGE_SIZE]) must_check;
