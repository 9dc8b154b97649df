/* SPDX-License-Identifier: GPL-2.0-only */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

/* Lines come from every depth, in two processes: CRIU's, and the guardian's. */
static log_sink current_sink;

void log_to(log_sink sink)
{
	current_sink = sink;
}

void log_line(enum log_level level, const char *format, ...)
{
	char *line autofree = NULL;
	va_list arguments;

	if (!current_sink)
		return;

	va_start(arguments, format);
	if (vasprintf(&line, format, arguments) < 0)
		line = NULL;
	va_end(arguments);

	current_sink(level, line ? line : LOG_PREFIX "out of memory for a message\n");
}
