/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct fake_log fake_log;

void fake_log_reset(void)
{
	memset(&fake_log, 0, sizeof(fake_log));
}

static bool well_formed(const char *line, size_t length)
{
	const char *newline = memchr(line, '\n', length);

	return newline == line + length - 1 && strstr(line, LOG_PREFIX);
}

void log_line(enum log_level level, const char *format, ...)
{
	size_t room = FAKE_LOG_MAX - fake_log.length;
	char *line = fake_log.text + fake_log.length;
	va_list arguments;
	size_t length;
	int printed;

	va_start(arguments, format);
	printed = vsnprintf(line, room, format, arguments);
	va_end(arguments);
	if (printed < 0)
		abort();

	fake_log.lines[level]++;
	length = (size_t)printed < room ? (size_t)printed : room - 1;
	if ((size_t)printed < room && !well_formed(line, length))
		fake_log.malformed++;
	fake_log.length += length;
}

bool fake_log_has(const char *text)
{
	return strstr(fake_log.text, text) != NULL;
}

unsigned int fake_log_errors(void)
{
	return fake_log.lines[LOG_LEVEL_ERROR];
}
