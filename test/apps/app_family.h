/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program with children, all in one process group: it counts on stdout, and ends with
 * them.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* From now on SIGTERM ends the family, in app_family_count(). */
void app_family_start(void);

/*
 * Fork a child that writes to the file @dir/@kind-@i and is ended by SIGTERM.
 *
 * Return: 0 in the child, its pid in the parent.
 */
pid_t app_family_fork(const char *dir, const char *kind, unsigned int i);

/* Become the program @argv[0] that lies beside this one. */
_Noreturn void app_family_become(const char *const argv[]);

/*
 * Count, a step each @interval_ms, until SIGTERM comes or no child is left, and end all
 * children. One that fails ends the program with an error, unless it @may_be_bereaved.
 */
void app_family_count(unsigned int interval_ms, bool may_be_bereaved);
