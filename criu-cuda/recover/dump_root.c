/* SPDX-License-Identifier: GPL-2.0-only */
#include "dump_root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define WORDS_SIZE 65536

static pid_t parse_pid(const char *text)
{
	long pid;
	char *end;

	if (*text < '0' || *text > '9')
		return 0;

	errno = 0;
	pid = strtol(text, &end, 10);
	return errno || *end || pid > INT_MAX ? 0 : (pid_t)pid;
}

/* What is behind the option in @word: "" if it is the next word; NULL if it is another.
 */
static const char *value_in(const char *word)
{
	static const char option[] = "--tree";
	const size_t length = sizeof(option) - 1;

	if (strncmp(word, option, length) == 0 && word[length] == '=')
		return word + length + 1;
	if (strcmp(word, option) == 0)
		return word + length;
	if (strncmp(word, "-t", 2) == 0)
		return word + 2;

	return NULL;
}

pid_t dump_root_parse(const char *words, size_t size)
{
	pid_t root = 0;

	/* What is behind the last zero was cut. */
	while (size && words[size - 1])
		size--;
	for (size_t at = 0; at < size; at += strlen(words + at) + 1) {
		const size_t next = at + strlen(words + at) + 1;
		const char *value = value_in(words + at);

		if (value && !*value && next < size)
			value = words + next;
		if (value)
			root = parse_pid(value);
	}

	return root;
}

pid_t dump_root_of(pid_t pid)
{
	char *words autofree = malloc(WORDS_SIZE);
	char path[sizeof("/proc/4194304000/cmdline")];
	int fd autoclose = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (!words || fd < 0)
		return 0;

	length = read(fd, words, WORDS_SIZE);
	return length > 0 ? dump_root_parse(words, (size_t)length) : 0;
}
