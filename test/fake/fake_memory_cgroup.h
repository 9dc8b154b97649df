/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for memory_cgroup.c: which process is in which cgroups is put down, and how
 * much room is in each. It counts what it handed out and not got back.
 */
#pragma once

#include "memory_cgroup.h"

#define FAKE_MEMORY_CGROUPS_MAX 64

struct fake_memory_cgroups {
	size_t count;
	struct {
		pid_t pid;
		const char *path;
		uint64_t room;
	} list[FAKE_MEMORY_CGROUPS_MAX];
	pid_t fail_pid; /* asking about it fails with @error */
	int error;
	unsigned int calls;
	int handed_out;
};

extern struct fake_memory_cgroups fake_memory_cgroups;

/* No process is in any cgroup that has a limit. */
void fake_memory_cgroups_reset(void);

/* @pid is in the cgroup @path too, which has @room at this moment. */
void fake_memory_cgroups_add(pid_t pid, const char *path, uint64_t room);
