/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for host.c's log_line(): keeps the lines and counts them.
 *
 * The text is all lines since the reset, one after the other, as they would be
 * handed to CRIU; a line that does not end in exactly one newline, or does not
 * carry LOG_PREFIX, is counted as malformed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "log.h"

#define FAKE_LOG_MAX (64 * 1024)

struct fake_log {
	unsigned int lines[LOG_LEVEL_DEBUG + 1]; /* how many, by level */
	unsigned int malformed;
	size_t length;
	char text[FAKE_LOG_MAX]; /* what does not fit is left out */
};

extern struct fake_log fake_log;

/* Nothing was logged. */
void fake_log_reset(void);

/* Was @text, or a line that holds it, logged? */
bool fake_log_has(const char *text);

/* How many errors were logged. */
unsigned int fake_log_errors(void);
