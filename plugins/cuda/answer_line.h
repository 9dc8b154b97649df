/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of what cuda-checkpoint answers about several processes, understood:
 *
 *     PID WORD                an answer to a question
 *     PID ok MILLISECONDS     an action is done
 *     PID error CODE "TEXT"   either has failed
 *
 * Source: cuda-checkpoint/at_once.h. Pure; does not log.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cleanup.h"

struct answer_line {
	pid_t pid;
	bool has_failed;
	const char *text; /* WORD, "ok MILLISECONDS", or "TEXT" with its quotes */
};

/*
 * Understand @line, without its newline; *@ret_answer borrows it.
 *
 * Return: 0, or -EBADMSG if it is no such line.
 */
int answer_line_parse(const char *line, struct answer_line *ret_answer) must_check;
