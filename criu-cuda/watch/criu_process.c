/* SPDX-License-Identifier: GPL-2.0-only */
#include "criu_process.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM	   "criu"
#define GUARDIAN   "cuda-guardian\n"
#define WORDS_SIZE 16384

static bool is_program(const char *word)
{
	const char *slash = strrchr(word, '/');

	return strcmp(slash ? slash + 1 : word, PROGRAM) == 0;
}

static enum criu_work work_of(const char *word)
{
	if (strcmp(word, "dump") == 0 || strcmp(word, "pre-dump") == 0)
		return CRIU_DUMPS;

	return strcmp(word, "restore") == 0 ? CRIU_RESTORES : CRIU_WORK_UNKNOWN;
}

/* The word behind the program says what it does, mostly: options may come before it. */
bool criu_process_parse(const char *words, size_t size, enum criu_work *ret_work)
{
	enum criu_work work = CRIU_WORK_UNKNOWN;
	bool is_criu = false;

	/* What is behind the last zero was cut. */
	while (size && words[size - 1])
		size--;
	for (size_t at = 0; at < size; at += strlen(words + at) + 1) {
		if (is_criu && work == CRIU_WORK_UNKNOWN)
			work = work_of(words + at);
		is_criu |= is_program(words + at);
	}

	*ret_work = work;
	return is_criu;
}

/* Return: how many bytes; 0 also of a process that is gone. */
static size_t read_file(int proc, const char *pid, const char *name, char *buffer,
			size_t size)
{
	char path[64];
	int fd autoclose = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "%.16s/%s", pid, name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, buffer, size);
	return length < 0 ? 0 : (size_t)length;
}

static bool is_guardian(int proc, const char *pid)
{
	char name[32];
	const size_t length = read_file(proc, pid, "comm", name, sizeof(name));

	return length == strlen(GUARDIAN) && memcmp(name, GUARDIAN, length) == 0;
}

void criu_process_walk(void (*see)(void *subject, const struct criu_process *process),
		       void *subject)
{
	DIR *processes autoclosedir = opendir("/proc");
	char *words autofree = malloc(WORDS_SIZE);
	const struct dirent *entry;

	while (processes && words && (entry = readdir(processes))) {
		const char *name = entry->d_name;
		struct criu_process process = { .pid = 0 };
		size_t size;

		if (!isdigit((unsigned char)*name))
			continue;
		size = read_file(dirfd(processes), name, "cmdline", words, WORDS_SIZE);
		if (!criu_process_parse(words, size, &process.work))
			continue;
		process.pid = (pid_t)strtol(name, NULL, 10);
		process.is_guardian = is_guardian(dirfd(processes), name);
		if (process.pid != getpid())
			see(subject, &process);
	}
}
