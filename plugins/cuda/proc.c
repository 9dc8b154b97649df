/* SPDX-License-Identifier: GPL-2.0-only */
#include "proc.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc_file.h"

#define KERNEL_NAME_MAX 15  /* of a thread */
#define NS_PIDS_MAX	512 /* pids of 32 namespaces, one in the other, and more */

static bool is_restore_thread_name(const char *name)
{
	static const char prefix[] = "cuda";
	const char *digits = name + sizeof(prefix) - 1;

	if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
		return false;

	return *digits && digits[strspn(digits, "0123456789abcdef")] == '\0';
}

/* -ESRCH if it has ended meanwhile. */
static int read_thread_name(pid_t pid, const char *tid, char *name, int size)
{
	FILE *comm autofclose = NULL;
	char path[PROC_FILE_PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", pid, tid);
	comm = fopen(path, "re");
	if (!comm)
		return proc_file_error(errno);
	if (!fgets(name, size, comm))
		return ferror(comm) ? proc_file_error(errno) : -ESRCH;

	name[strcspn(name, "\n")] = '\0';
	return 0;
}

/* Look at each thread until @enough of that name have been counted; the last one. */
static int find_threads(pid_t pid, bool (*is_named)(const char *name),
			unsigned int enough, unsigned int *count, pid_t *tid)
{
	DIR *tasks autoclosedir = NULL;
	char path[PROC_FILE_PATH_MAX], name[32] = "";
	const struct dirent *task;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return proc_file_error(errno);

	while (*count < enough) {
		errno = 0;
		task = readdir(tasks);
		if (!task)
			return errno ? proc_file_error(errno) : 0;
		if (!isdigit((unsigned char)task->d_name[0]))
			continue;

		ret = read_thread_name(pid, task->d_name, name, sizeof(name));
		if (ret && ret != -ESRCH)
			return ret;
		if (ret == 0 && is_named(name)) {
			*tid = (pid_t)strtol(task->d_name, NULL, 10);
			++*count;
		}
	}

	return 0;
}

int proc_find_thread(pid_t pid, bool (*is_named)(const char *name), pid_t *ret_tid)
{
	unsigned int count = 0;
	pid_t tid = 0;
	int ret;

	ret = find_threads(pid, is_named, 1, &count, &tid);
	if (!ret)
		*ret_tid = tid;

	return ret;
}

/* As the driver names it: cut by the kernel, if at all. */
static bool is_whole_name(const char *name)
{
	return strlen(name) == KERNEL_NAME_MAX && is_restore_thread_name(name);
}

pid_t proc_sole_restore_thread(pid_t pid)
{
	unsigned int count = 0;
	pid_t tid = 0;

	if (find_threads(pid, is_whole_name, 2, &count, &tid))
		return 0;

	return count == 1 ? tid : 0;
}

int proc_find_restore_thread(pid_t pid, pid_t *ret_tid)
{
	return proc_find_thread(pid, is_restore_thread_name, ret_tid);
}

int proc_has_restore_thread(pid_t pid, bool *ret_has)
{
	pid_t tid = 0;
	int ret;

	ret = proc_find_restore_thread(pid, &tid);
	if (ret)
		return ret;

	*ret_has = tid != 0;
	return 0;
}

int proc_started_with(pid_t pid, const char *name, const char *value, bool *ret_with)
{
	FILE *environment autofclose = NULL;
	char *word autofree = NULL;
	size_t size = 0, length = strlen(name);
	int ret;

	ret = proc_file_open(pid, "environ", &environment);
	if (ret)
		return ret;

	errno = 0;
	while (getdelim(&word, &size, '\0', environment) >= 0) {
		if (strncmp(word, name, length) == 0 && word[length] == '=') {
			*ret_with = !value || strcmp(word + length + 1, value) == 0;
			return 0;
		}
	}
	if (!feof(environment))
		return proc_file_error(errno);

	*ret_with = false;
	return 0;
}

/* Is @text a value, one that fits? It is copied then. */
static int copy_value(const char *text, char *value, size_t size)
{
	size_t length = strlen(text);

	if (!length || length >= size)
		return -EBADMSG;

	memcpy(value, text, length + 1);
	return 0;
}

/* The text after "@key:\t" in /proc/@pid/status, without its newline. */
static int read_status(pid_t pid, const char *key, char *value, size_t size)
{
	FILE *status autofclose = NULL;
	char *line autofree = NULL;
	size_t key_length = strlen(key), line_size = 0;
	int ret;

	ret = proc_file_open(pid, "status", &status);
	if (ret)
		return ret;

	errno = 0;
	while (getline(&line, &line_size, status) >= 0) {
		if (strncmp(line, key, key_length) != 0 || line[key_length] != ':')
			continue;

		line[strcspn(line, "\n")] = '\0';
		return copy_value(line + key_length + 1 +
					  strspn(line + key_length + 1, " \t"),
				  value, size);
	}

	return feof(status) ? -EBADMSG : proc_file_error(errno);
}

/* All of @text. */
static int parse_pid(const char *text, pid_t *ret_pid)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || end == text || *end || pid < 0 || pid > INT_MAX)
		return -EBADMSG;

	*ret_pid = (pid_t)pid;
	return 0;
}

int proc_tracer(pid_t tid, pid_t *ret_tracer)
{
	char value[32];
	int ret;

	ret = read_status(tid, "TracerPid", value, sizeof(value));
	return ret ? ret : parse_pid(value, ret_tracer);
}

/* A pid for each namespace, this one first. */
int proc_inner_pid(pid_t pid, pid_t *ret_inner)
{
	char value[NS_PIDS_MAX];
	const char *last;
	int ret;

	ret = read_status(pid, "NSpid", value, sizeof(value));
	if (ret)
		return ret;

	last = strrchr(value, '\t');
	return parse_pid(last ? last + 1 : value, ret_inner);
}

int proc_is_traced_by_us(pid_t tid, bool *ret_is)
{
	pid_t tracer;
	int ret;

	ret = proc_tracer(tid, &tracer);
	if (!ret)
		*ret_is = tracer == getpid();

	return ret;
}

int proc_signals(pid_t tid, const char *which, uint64_t *ret_mask)
{
	char value[32], *end;
	int ret;

	ret = read_status(tid, which, value, sizeof(value));
	if (ret)
		return ret;

	errno = 0;
	*ret_mask = strtoull(value, &end, 16);
	return errno || end == value || *end ? -EBADMSG : 0;
}

int proc_is_stopped(pid_t pid, bool *ret_stopped)
{
	char value[32];
	int ret;

	ret = read_status(pid, "State", value, sizeof(value));
	if (ret)
		return ret;

	*ret_stopped = value[0] == 'T' || value[0] == 't';
	return 0;
}

int proc_resident(pid_t pid, uint64_t *ret_bytes)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *statm autofclose = NULL;
	char line[128], *number, *end;
	unsigned long long pages;
	int ret;

	ret = proc_file_open(pid, "statm", &statm);
	if (ret)
		return ret;
	if (!fgets(line, sizeof(line), statm))
		return ferror(statm) ? proc_file_error(errno) : -EBADMSG;

	number = line + strcspn(line, " ");
	if (*number != ' ' || !isdigit((unsigned char)number[1]))
		return -EBADMSG;
	errno = 0;
	pages = strtoull(number, &end, 10);
	if (errno || *end != ' ' || pages > UINT64_MAX / page)
		return -EBADMSG;

	*ret_bytes = pages * page;
	return 0;
}

bool proc_is_gone(pid_t pid)
{
	char value[32] = "";

	if (read_status(pid, "State", value, sizeof(value)) == -ESRCH)
		return true;

	return value[0] == 'Z' || value[0] == 'X';
}

bool proc_has_thread(pid_t pid, pid_t tid)
{
	char path[PROC_FILE_PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
	return access(path, F_OK) == 0;
}
