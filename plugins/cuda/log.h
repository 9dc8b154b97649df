/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log lines of the plugin, in the form that CRIU gives its own.
 *
 * Each line about a process begins with "pid N: ". Sentences in lower case,
 * ended by "\n" (pr_perror adds the error and the newline itself). A failure is
 * logged once, by the function that knows the reason.
 *
 * Lines go to one sink for the whole process: CRIU's log in CRIU, the guardian's own in
 * the guardian. Tests bring their own log_line().
 */
#pragma once

#include <errno.h>
#include <string.h>

#include "cleanup.h"

#define LOG_PREFIX "cuda_plugin: "

/* CRIU's levels */
enum log_level {
	LOG_LEVEL_ERROR = 1, /* the run fails */
	LOG_LEVEL_WARN = 2,  /* something is wrong, the run goes on */
	LOG_LEVEL_INFO = 3,  /* one line for each process and outcome */
	LOG_LEVEL_DEBUG = 4,
};

/* Takes one line, which ends in "\n". */
typedef void (*log_sink)(enum log_level level, const char *line);

/* From now on lines go to @sink; before the first call they go nowhere. */
void log_to(log_sink sink);

void log_line(enum log_level level, const char *format, ...) printf_format(2, 3);

#define log_line_from(level, word, fmt, ...)                                  \
	log_line(level, word " (%s:%d): " LOG_PREFIX fmt, __FILE__, __LINE__, \
		 ##__VA_ARGS__)

#define pr_err(fmt, ...)    log_line_from(LOG_LEVEL_ERROR, "Error", fmt, ##__VA_ARGS__)
#define pr_warn(fmt, ...)   log_line_from(LOG_LEVEL_WARN, "Warn ", fmt, ##__VA_ARGS__)
#define pr_info(fmt, ...)   log_line(LOG_LEVEL_INFO, LOG_PREFIX fmt, ##__VA_ARGS__)
#define pr_perror(fmt, ...) pr_err(fmt ": %s\n", ##__VA_ARGS__, strerror(errno))
