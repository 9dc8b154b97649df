/* SPDX-License-Identifier: GPL-2.0-only */
#include "utility.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 256
#define WORD_SIZE 32

const char *utility_program;

static char folder[PATH_MAX / 2];

void utility_set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test-plugin.XXXXXX");
	if (!mkdtemp(folder))
		abort();
	setenv("FAKE_CUDA_CHECKPOINT", folder, 1);
}

void utility_remove(void)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	DIR *files = opendir(folder);

	while (files && (entry = readdir(files))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	if (files)
		closedir(files);
	rmdir(folder);
}

const char *utility_folder(void)
{
	return folder;
}

static FILE *open_file(const char *name, const char *extension, const char *mode)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s", folder, name, extension);
	return fopen(path, mode);
}

static void write_file(const char *name, const char *extension, const char *text)
{
	FILE *file = open_file(name, extension, "we");

	if (!file || fprintf(file, "%s\n", text) < 0 || fclose(file) != 0)
		abort();
}

static const char *pid_text(const struct task *task)
{
	static char text[WORD_SIZE];

	snprintf(text, sizeof(text), "%d", task->pid);
	return text;
}

void utility_know(const struct task *task, const char *state)
{
	char tid[WORD_SIZE];

	snprintf(tid, sizeof(tid), "%d", task_restore_tid(task));
	write_file(pid_text(task), ".state", state);
	write_file(pid_text(task), ".tid", tid);
}

bool utility_says(const struct task *task, const char *state)
{
	char line[LINE_SIZE] = "";
	FILE *file = open_file(pid_text(task), ".state", "re");

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);

	line[strcspn(line, "\n")] = '\0';
	return strcmp(line, state) == 0;
}

void utility_fault(const char *operation, const char *fault)
{
	write_file(operation, ".fault", fault);
}

struct line {
	char operation[WORD_SIZE];
	int pid;
	char timeout[WORD_SIZE];
	char leader[WORD_SIZE], thread[WORD_SIZE];
	unsigned long long blocked;
};

static bool is_stopped(const char *state)
{
	return state[0] == 't' || state[0] == 'T';
}

static void note(const struct line *line, struct utility_run *ret_run)
{
	if (!ret_run)
		return;

	*ret_run = (struct utility_run){
		.timeout_ms =
			line->timeout[0] == '-' ? -1 : strtol(line->timeout, NULL, 10),
		.leader_stopped = is_stopped(line->leader),
		.thread_stopped = is_stopped(line->thread),
		.blocked = line->blocked,
	};
}

unsigned int utility_runs(const char *operation, const struct task *task,
			  struct utility_run *ret_run)
{
	FILE *journal = open_file("journal", "", "re");
	char text[LINE_SIZE];
	unsigned int runs = 0;

	while (journal && fgets(text, sizeof(text), journal)) {
		struct line line = { .operation = "" };

		if (sscanf(text, "%31s %d %31s %31s %31s %llx", line.operation, &line.pid,
			   line.timeout, line.leader, line.thread, &line.blocked) < 2 ||
		    (operation && strcmp(line.operation, operation) != 0) ||
		    (task && line.pid != task->pid))
			continue;

		runs++;
		note(&line, ret_run);
	}
	if (journal)
		fclose(journal);

	return runs;
}

bool utility_hung(void)
{
	FILE *journal = open_file("journal", "", "re");
	char text[LINE_SIZE];
	bool hung = false;

	while (journal && fgets(text, sizeof(text), journal))
		hung |= strncmp(text, "unreachable", strlen("unreachable")) == 0;
	if (journal)
		fclose(journal);

	return hung;
}
