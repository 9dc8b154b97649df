/* SPDX-License-Identifier: GPL-2.0-only */
#include "driver_version.h"

#include <string.h>

#define MAJOR_MAX 9999 /* a larger number is no version */

/* "580.159.04": 580. Return: 0 if the @length bytes at @word are no version. */
static unsigned long major_of(const char *word, size_t length)
{
	unsigned long major;
	char *end;

	if (strspn(word, "0123456789.") != length || length >= DRIVER_VERSION_SIZE)
		return 0;

	major = strtoul(word, &end, 10);
	return end > word && *end == '.' && major <= MAJOR_MAX ? major : 0;
}

/*
 * The only word of its kind, in lines that are not the same for the two kinds of module:
 * "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 ..."
 */
static unsigned long find_in(const char *line, char ret_version[DRIVER_VERSION_SIZE])
{
	static const char prefix[] = "NVRM version:";
	unsigned long major = 0;
	size_t length;

	if (strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		return 0;

	while (*line && !major) {
		line += strcspn(line, " \t\n");
		line += strspn(line, " \t\n");
		length = strcspn(line, " \t\n");
		major = major_of(line, length);
	}
	if (major)
		snprintf(ret_version, DRIVER_VERSION_SIZE, "%.*s", (int)length, line);

	return major;
}

unsigned long driver_version_read(const char *file, char ret_version[DRIVER_VERSION_SIZE])
{
	FILE *stream autofclose = fopen(file, "re");
	char *line autofree = NULL;
	unsigned long major = 0;
	size_t size = 0;

	ret_version[0] = '\0';
	while (stream && !major && getline(&line, &size, stream) >= 0)
		major = find_in(line, ret_version);

	return major;
}
