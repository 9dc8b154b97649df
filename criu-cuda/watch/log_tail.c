/* SPDX-License-Identifier: GPL-2.0-only */
#include "log_tail.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define TAIL_SIZE 16384
#define PREFIX	  "cuda_plugin: "

static const struct ending {
	const char *text;
	enum log_outcome outcome;
} endings[] = {
	{ "Dumping finished successfully", LOG_SAYS_DONE },
	{ "Restore finished successfully", LOG_SAYS_DONE },
	{ "Dumping FAILED", LOG_SAYS_FAILED },
	{ "Restoring FAILED", LOG_SAYS_FAILED },
};

static void take_line(const char *line, size_t size, struct log_tail *tail)
{
	const char *said = memmem(line, size, PREFIX, strlen(PREFIX));

	if (said) {
		said += strlen(PREFIX);
		snprintf(tail->line, sizeof(tail->line), "%.*s",
			 (int)(size - (size_t)(said - line)), said);
		return;
	}
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (memmem(line, size, endings[i].text, strlen(endings[i].text)))
			tail->outcome = endings[i].outcome;
}

void log_tail_parse(const char *text, size_t size, struct log_tail *ret_tail)
{
	const char *end;

	*ret_tail = (struct log_tail){ .outcome = LOG_SAYS_NOTHING };
	while ((end = memchr(text, '\n', size))) {
		const size_t length = (size_t)(end - text);

		take_line(text, length, ret_tail);
		text += length + 1;
		size -= length + 1;
	}
}

void log_tail_read(int fd, struct log_tail *ret_tail)
{
	char *text autofree = malloc(TAIL_SIZE);
	struct stat stat;
	ssize_t length;

	*ret_tail = (struct log_tail){ .outcome = LOG_SAYS_NOTHING };
	if (!text || fd < 0 || fstat(fd, &stat) < 0)
		return;

	length = pread(fd, text, TAIL_SIZE,
		       stat.st_size > TAIL_SIZE ? stat.st_size - TAIL_SIZE : 0);
	if (length > 0)
		log_tail_parse(text, (size_t)length, ret_tail);
}
