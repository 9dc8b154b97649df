/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The session of a test, and the first steps of its processes: paused, seized,
 * checkpointed.
 *
 * The world of fake_proc.h and the log are empty when a test begins.
 */
#pragma once

#include "session.h"
#include "session_processes.h"

#define LOCK_TIMEOUT_MS 4000

/* The calls of one process's pause up to its lock, and of its checkpoint up to that. */
#define TO_LOCK	      5
#define TO_CHECKPOINT 6

extern struct tool tool;
extern struct session session;

/* Around each test, for cmocka. */
int begin(void **state);
int end(void **state);

/* Return: what session_pause() returns. */
int pause_one(const struct fake_process *process);

/* Add one, and assert that each step works; borrowed. */
struct fake_process *paused_and_seized(enum kind kind);
struct fake_process *checkpointed(enum kind kind);
