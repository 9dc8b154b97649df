/* SPDX-License-Identifier: GPL-2.0-only */
#include "threads.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include "cleanup.h"

/* What getdents64 fills in; opendir would take memory from malloc. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

/* "TID (COMM) STATE ...", and a COMM may hold anything. */
static int state_in(const char *stat)
{
	const char *end = strrchr(stat, ')');

	return end && end[1] ? end[2] : '?';
}

static bool is_stopped(int tasks, const char *tid)
{
	char path[32], stat[256];
	int autoclose fd = -1;
	ssize_t got;
	int state;

	stpcpy(stpcpy(path, tid), "/stat");
	fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, stat, sizeof(stat) - 1);
	if (got <= 0)
		return false;
	stat[got] = '\0';
	state = state_in(stat);
	return state == 't' || state == 'T';
}

/* The calling thread is seen to run, so it needs no exception. */
static bool any_in(int tasks, const char *entries, size_t bytes)
{
	size_t at = 0;

	while (at < bytes) {
		const struct entry *entry = (const void *)(entries + at);

		if (entry->name[0] != '.' && is_stopped(tasks, entry->name))
			return true;
		at += entry->length;
	}
	return false;
}

bool threads_any_other_is_stopped(void)
{
	_Alignas(struct entry) char entries[4096];
	int autoclose tasks = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got;

	if (tasks < 0)
		return false;
	while ((got = syscall(SYS_getdents64, tasks, entries, sizeof(entries))) > 0) {
		if (any_in(tasks, entries, (size_t)got))
			return true;
	}
	return false;
}
