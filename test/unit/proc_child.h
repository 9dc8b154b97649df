/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A child process to look at. There is one at a time; it and its threads end with the
 * test.
 */
#pragma once

#include <sys/types.h>
#include <unistd.h>

#define PAGE ((size_t)sysconf(_SC_PAGESIZE))

/* No pid has this value: it shows whether a result was written. */
#define UNTOUCHED ((pid_t)-77)

extern pid_t child; /* -1: none */

/* It has run @body, if not NULL, and waits for signals. Return: child. */
pid_t start_child(void (*body)(void));

/* It has ended and is not reaped. Return: child. */
pid_t start_zombie(void);

/* Around each test, for cmocka. */
int no_child_yet(void **state);
int end_child(void **state);
