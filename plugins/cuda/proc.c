/* SPDX-License-Identifier: GPL-2.0-only */
#include "proc.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define PROC_PATH_MAX	64 /* "/proc/PID/task/TID/status" and then some */
#define KERNEL_NAME_MAX 15 /* of a thread */

/* Of linux/fs.h, since Linux 6.11: PROCMAP_QUERY and what belongs to it. */
struct mapping_query {
	uint64_t size, flags, address;
	uint64_t start, end, mapping_flags, page_size, offset, inode;
	uint32_t device_major, device_minor, name_size, build_id_size;
	uint64_t name, build_id; /* where to put them */
};
#define MAPPING_QUERY	      _IOWR('f', 17, struct mapping_query)
#define MAPPING_AT_OR_BEHIND  0x10
#define MAPPING_OF_FILES_ONLY 0x20

/* The kernel answers a read in /proc of a process that has just ended with ESRCH. */
static int gone_or(int error)
{
	return error == ENOENT || error == ESRCH ? -ESRCH : -error;
}

static int open_proc(pid_t pid, const char *file, FILE **ret_stream)
{
	char path[PROC_PATH_MAX];
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	stream = fopen(path, "re");
	if (!stream)
		return gone_or(errno);

	*ret_stream = stream;
	return 0;
}

static bool path_is_libcuda(const char *path)
{
	static const char prefix[] = "/libcuda.so.";
	const char *name = strrchr(path, '/');

	return name && strncmp(name, prefix, sizeof(prefix) - 1) == 0;
}

/*
 * Ask for the mappings of files alone: of the others there may be very many. Return:
 * -errno too where the kernel cannot be asked, or the answer is not the whole one.
 */
static int ask_for_libcuda(int maps, bool *ret_maps)
{
	struct mapping_query query = {
		.size = sizeof(query),
		.flags = MAPPING_AT_OR_BEHIND | MAPPING_OF_FILES_ONLY,
	};
	char path[PATH_MAX];

	do {
		path[0] = '\0';
		query.address = query.end;
		query.name = (uintptr_t)path;
		query.name_size = sizeof(path);
		if (ioctl(maps, MAPPING_QUERY, &query) < 0) {
			if (errno != ENOENT)
				return -errno;

			*ret_maps = false; /* that was the last one */
			return 0;
		}
	} while (!path_is_libcuda(path));

	*ret_maps = true;
	return 0;
}

/* "…-… r-xp 00000000 08:01 1234   /usr/lib/libcuda.so.580.159.04" and so on */
static int read_for_libcuda(FILE *maps, bool *ret_maps)
{
	char *line autofree = NULL;
	const char *path;
	size_t size = 0;

	errno = 0;
	while (getline(&line, &size, maps) >= 0) {
		path = strchr(line, '/');
		if (path && path_is_libcuda(path)) {
			*ret_maps = true;
			return 0;
		}
	}
	if (!feof(maps))
		return gone_or(errno);

	*ret_maps = false;
	return 0;
}

/*
 * The links of the folder with its threads: one for each, and two as any folder has. One
 * thread alone is not the driver's, so there is nothing to look for in what may be tens
 * of thousands of mappings.
 */
int proc_may_be_cuda(pid_t pid, bool *ret_may)
{
	char path[PROC_PATH_MAX];
	struct stat tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if (stat(path, &tasks) < 0)
		return gone_or(errno);
	if (tasks.st_nlink == 2 + 1) {
		*ret_may = false;
		return 0;
	}

	return proc_maps_libcuda(pid, ret_may);
}

int proc_maps_libcuda(pid_t pid, bool *ret_maps)
{
	FILE *maps autofclose = NULL;
	int ret;

	ret = open_proc(pid, "maps", &maps);
	if (ret)
		return ret;

	/* What cannot be had by asking is read. */
	if (ask_for_libcuda(fileno(maps), ret_maps) == 0)
		return 0;

	return read_for_libcuda(maps, ret_maps);
}

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
	char path[PROC_PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", pid, tid);
	comm = fopen(path, "re");
	if (!comm)
		return gone_or(errno);
	if (!fgets(name, size, comm))
		return ferror(comm) ? gone_or(errno) : -ESRCH;

	name[strcspn(name, "\n")] = '\0';
	return 0;
}

/* Look at each thread until @enough of that name have been counted; the last one. */
static int find_threads(pid_t pid, bool (*is_named)(const char *name),
			unsigned int enough, unsigned int *count, pid_t *tid)
{
	DIR *tasks autoclosedir = NULL;
	char path[PROC_PATH_MAX], name[32] = "";
	const struct dirent *task;
	int ret;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return gone_or(errno);

	while (*count < enough) {
		errno = 0;
		task = readdir(tasks);
		if (!task)
			return errno ? gone_or(errno) : 0;
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

	ret = open_proc(pid, "environ", &environment);
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
		return gone_or(errno);

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

	ret = open_proc(pid, "status", &status);
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

	return feof(status) ? -EBADMSG : gone_or(errno);
}

int proc_tracer(pid_t tid, pid_t *ret_tracer)
{
	char value[32], *end;
	long tracer;
	int ret;

	ret = read_status(tid, "TracerPid", value, sizeof(value));
	if (ret)
		return ret;

	errno = 0;
	tracer = strtol(value, &end, 10);
	if (errno || end == value || *end || tracer < 0 || tracer > INT_MAX)
		return -EBADMSG;

	*ret_tracer = (pid_t)tracer;
	return 0;
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

int proc_blocked_signals(pid_t tid, uint64_t *ret_mask)
{
	char value[32], *end;
	int ret;

	ret = read_status(tid, "SigBlk", value, sizeof(value));
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

bool proc_is_gone(pid_t pid)
{
	char value[32] = "";

	if (read_status(pid, "State", value, sizeof(value)) == -ESRCH)
		return true;

	return value[0] == 'Z' || value[0] == 'X';
}

bool proc_has_thread(pid_t pid, pid_t tid)
{
	char path[PROC_PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, tid);
	return access(path, F_OK) == 0;
}
