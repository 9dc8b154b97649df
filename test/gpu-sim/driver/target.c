/* SPDX-License-Identifier: GPL-2.0-only */
#include "target.h"

#include <ctype.h>
#include <string.h>

#include "channel.h"

static int process_of(int tid)
{
	char path[64], line[256];
	FILE *autofclose file = NULL;
	int pid;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			return pid;
	}
	return -1;
}

static bool is_name(const char *name, struct target *target)
{
	if (strlen(name) != CHANNEL_NAME_LENGTH || strncmp(name, "cuda", 4) != 0)
		return false;
	for (const char *digit = name + 4; *digit; digit++) {
		if (!isxdigit((unsigned char)*digit))
			return false;
	}
	return sscanf(name, "cuda%5x%6x", &target->request_fd, &target->answer_fd) == 2;
}

static bool is_restore_thread(int pid, const char *tid, struct target *target)
{
	char path[64], name[32];
	FILE *autofclose file = NULL;

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/comm", pid, tid);
	file = fopen(path, "re");
	if (!file || !fgets(name, sizeof(name), file))
		return false;
	name[strcspn(name, "\n")] = '\0';
	return is_name(name, target);
}

CUresult target_find(int pid, struct target *ret_target)
{
	char path[64];
	DIR *autoclosedir tasks = NULL;
	const struct dirent *task;

	ret_target->pid = process_of(pid);
	snprintf(path, sizeof(path), "/proc/%d/task", ret_target->pid);
	tasks = opendir(path);
	if (!tasks)
		return CUDA_ERROR_OPERATING_SYSTEM;
	while ((task = readdir(tasks))) {
		if (is_restore_thread(ret_target->pid, task->d_name, ret_target)) {
			ret_target->tid = (int)strtol(task->d_name, NULL, 10);
			return CUDA_SUCCESS;
		}
	}
	return CUDA_ERROR_NOT_INITIALIZED;
}
