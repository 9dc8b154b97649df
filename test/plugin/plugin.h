/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plugin, loaded and called as CRIU does it.
 *
 * What is asked of it is what criu_run.h says; why it was not loaded is in the report.
 */
#pragma once

#include <stdbool.h>

struct task;

/* Return: does this CRIU take it? Called first. */
bool plugin_load(void);

int plugin_init(int stage);
void plugin_exit(int stage, int ret);

/* The hook with this number. Return: what it returns; -ENOTSUP if there is none. */
int plugin_call(unsigned int number, const struct task *task);

/* The hook for the end of a dump, where there is one. */
void plugin_finish_dump(int ret);
