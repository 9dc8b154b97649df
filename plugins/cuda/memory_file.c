/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_file.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* @text is a number, its unit if it has one, and nothing else. */
static int parse(const char *text, uint64_t *ret_number)
{
	unsigned long long number;
	unsigned int unit = 1;
	char *end;

	if (strcmp(text, "max\n") == 0) {
		*ret_number = MEMORY_FILE_MAX;
		return 0;
	}
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

int memory_file_read(const char *directory, const char *name, const char *key,
		     uint64_t *ret_number)
{
	FILE *file autofclose = NULL;
	char *path autofree = NULL;
	char line[256];

	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}

	file = fopen(path, "re");
	if (!file)
		return -errno;

	errno = 0;
	while (fgets(line, sizeof(line), file)) {
		const char *value = key ? value_of(line, key) : line;

		if (value)
			return parse(value, ret_number);
	}

	return ferror(file) && errno ? -errno : -EBADMSG;
}
