/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_file.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define LINE_SIZE 256

/* @text is a number, its unit if it has one, and nothing else. */
static int parse(const char *text, uint64_t *ret_number)
{
	unsigned long long number;
	unsigned int unit = 1;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EBADMSG;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (strncmp(end, " kB", 3) == 0) {
		unit = 1024;
		end += 3;
	}
	if (errno || strcmp(end, "\n") != 0 || number > UINT64_MAX / unit)
		return -EBADMSG;

	*ret_number = number * unit;
	return 0;
}

int memory_file_number(const char *path, uint64_t *ret_number)
{
	FILE *file autofclose = fopen(path, "re");
	char line[LINE_SIZE];

	if (!file)
		return -errno;

	errno = 0;
	if (!fgets(line, sizeof(line), file))
		return errno ? -errno : -EBADMSG;
	if (strcmp(line, "max\n") == 0) {
		*ret_number = MEMORY_FILE_MAX;
		return 0;
	}

	return parse(line, ret_number);
}

/* What stands behind @key in @line; NULL if it is of another key. */
static const char *value_of(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0)
		return NULL;

	line += length;
	if (*line == ':')
		line++;
	return *line == ' ' ? line + strspn(line, " ") : NULL;
}

int memory_file_field(const char *path, const char *key, uint64_t *ret_number)
{
	FILE *file autofclose = fopen(path, "re");
	char line[LINE_SIZE];

	if (!file)
		return -errno;

	errno = 0;
	while (fgets(line, sizeof(line), file)) {
		const char *value = value_of(line, key);

		if (value)
			return parse(value, ret_number);
	}

	return ferror(file) && errno ? -errno : -EBADMSG;
}
