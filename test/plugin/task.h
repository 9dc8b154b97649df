/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A real process to be dumped: some threads that count, one of which, the restore
 * thread, has a signal mask of its own.
 *
 * It has no CUDA: what cuda-checkpoint says of it is up to utility.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TASK_THREADS_MAX    8
#define TASK_SNAPSHOT_MAX   2048
#define TASK_RESTORE_THREAD 1 /* its number among the threads; 0 is the leader */

struct task_counts {
	pid_t tid[TASK_THREADS_MAX];
	unsigned long count[TASK_THREADS_MAX];
	int threads;
};

struct task {
	pid_t pid;
	struct task_counts *counts; /* shared with it; NULL for a foreign program */
};

enum task_library {
	TASK_WITHOUT_LIBCUDA,
	TASK_WITH_LIBCUDA,    /* maps a file of that name */
	TASK_WITH_CUDA,	      /* and has a thread with the name of a restore thread */
	TASK_WITH_OTHER_CUDA, /* the same, and the name is not beyond doubt */
};

/* Start it; it is counting at the return. The file is in @folder. Aborts on failure. */
void task_start(struct task *task, enum task_library library, const char *folder);

pid_t task_restore_tid(const struct task *task);
bool task_has_thread(const struct task *task, pid_t tid);

/* Does each of its threads count within some seconds? Does none for a while? */
bool task_goes_on(const struct task *task);
bool task_stands_still(const struct task *task);

/* Wait for its end. Return: the signal that killed it, 0 if it lives. */
int task_killed_by(const struct task *task);

/* Kill it, if need be, and reap it. */
void task_end(struct task *task);

/* Take hold of all its threads, as CRIU does. Aborts on failure. */
void task_seize(const struct task *task);

/* Let go of them. Return: false if that cannot be done. */
bool task_detach(const struct task *task);

/* Stop, mask, pending signals and tracer of each thread, as text. */
void task_snapshot(const struct task *task, char *text, size_t size);
