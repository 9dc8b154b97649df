/* SPDX-License-Identifier: GPL-2.0-only */
#include "at_work.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "cuda-checkpoint/contract.h"

#define PATH_SIZE 64 /* "/proc/PID/task/PID/children" and then some */
#define NAME_SIZE 32 /* the kernel's have 15 characters */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What cannot be seen for this reason is not taken for nobody. */
static bool is_for_want_of_room(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

/* Is it a run of @program that does more than ask, and has it been given @pid? */
static bool was_given(const char *process, const char *program, const char *pid)
{
	bool is_program = false, option_before = false, is_pid = false, asks = false;
	FILE *words autofclose = NULL;
	char *word autofree = NULL;
	char path[PATH_SIZE];
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/cmdline", process);
	words = fopen(path, "re");
	if (!words && is_for_want_of_room(errno))
		return true;
	while (words && getdelim(&word, &size, '\0', words) >= 0) {
		/* Of a script it is the second word. */
		is_program |= strcmp(base_name(word), base_name(program)) == 0;
		is_pid |= option_before && strcmp(word, pid) == 0;
		option_before = strcmp(word, "--pid") == 0;
		asks |= strncmp(word, "--get-", strlen("--get-")) == 0;
	}

	return is_program && is_pid && !asks;
}

/* Empty if it has none any more. */
static void read_name(const char *process, char name[NAME_SIZE])
{
	FILE *file autofclose = NULL;
	char path[PATH_SIZE];

	memset(name, 0, NAME_SIZE);
	snprintf(path, sizeof(path), "/proc/%.16s/comm", process);
	file = fopen(path, "re");
	if (!file && is_for_want_of_room(errno))
		name[0] = '?'; /* nobody's */
	else if (!file || !fgets(name, NAME_SIZE, file))
		name[0] = '\0';
	name[strcspn(name, "\n")] = '\0';
}

static bool is_of_at_once(const char *name)
{
	return strncmp(name, CONTRACT_NAME_PREFIX, strlen(CONTRACT_NAME_PREFIX)) == 0;
}

static bool is_worker_for(const char *name, const char *pid)
{
	return is_of_at_once(name) &&
	       strcmp(name + strlen(CONTRACT_NAME_PREFIX), pid) == 0;
}

/* It may be for any, as long as it has not named itself; one that is gone has no name. */
static bool may_be_worker_for(const char *name, const char *pid)
{
	return name[0] && (!is_of_at_once(name) || is_worker_for(name, pid));
}

/*
 * All workers of the run @process have been started: has it one for @pid still? One that
 * was started since the list of processes was read is not on that.
 */
static bool has_worker_for(const char *process, const char *pid)
{
	FILE *children autofclose = NULL;
	char path[PATH_SIZE], name[NAME_SIZE];
	char *child autofree = NULL;
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/task/%.16s/children", process, process);
	children = fopen(path, "re");
	if (!children && is_for_want_of_room(errno))
		return true;
	while (children && getdelim(&child, &size, ' ', children) > 1) {
		child[strcspn(child, " ")] = '\0';
		read_name(child, name);
		if (may_be_worker_for(name, pid))
			return true;
	}

	return false;
}

static bool is_at_work(const char *process, const char *program, const char *pid)
{
	char name[NAME_SIZE];

	if (!was_given(process, program, pid))
		return false;

	read_name(process, name);
	if (!is_of_at_once(name))
		return true;
	if (strcmp(name, CONTRACT_NAME_PREFIX) == 0)
		return has_worker_for(process, pid);

	return is_worker_for(name, pid);
}

bool at_work_on(pid_t pid, const char *program)
{
	DIR *processes autoclosedir = opendir("/proc");
	const struct dirent *entry;
	char pid_word[16];

	if (!processes)
		return true;

	snprintf(pid_word, sizeof(pid_word), "%d", pid);
	while ((entry = readdir(processes)))
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    is_at_work(entry->d_name, program, pid_word))
			return true;

	return false;
}
