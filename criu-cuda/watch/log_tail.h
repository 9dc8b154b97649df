/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the end of CRIU's log says: how it ended, if it did, and the last line of the
 * plugin. Does not log.
 */
#pragma once

#include <stddef.h>

#define LOG_TAIL_LINE_SIZE 256

enum log_outcome {
	LOG_SAYS_NOTHING,
	LOG_SAYS_DONE,
	LOG_SAYS_FAILED,
};

struct log_tail {
	enum log_outcome outcome;
	char line[LOG_TAIL_LINE_SIZE]; /* without its end, and maybe cut; "": none */
};

/* Understand @text, of @size bytes; its first line may be cut, and the last one too. */
void log_tail_parse(const char *text, size_t size, struct log_tail *ret_tail);

/* The same of the file @fd; negative, or unreadable: it says nothing. */
void log_tail_read(int fd, struct log_tail *ret_tail);
