/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that is asked of CRIU.
 *
 * The one module, beside cuda_plugin.c, that knows it. What only some versions
 * have is bound weakly here, and each function says what it does without it.
 * Sources: CRIU's criu-plugin.h, and criu-symbols.txt.
 */
#pragma once

#include <stdbool.h>
#include <sys/time.h>

#include "cleanup.h"
#include "log.h"

/*
 * CRIU_HOST_4_0 has the hooks, and no inventory of plugins. CRIU_HOST_4_3 has
 * plugin options, version 0x300 of the plugin interface and 17 hooks.
 */
enum host_version {
	CRIU_HOST_4_0,
	CRIU_HOST_4_1,
	CRIU_HOST_4_3
};

enum host_version host_version(void);

/* A sink for log_to(): CRIU's log. */
void host_log(enum log_level level, const char *line);

/* Borrowed descriptor of the image directory; negative if there is none. */
int host_image_dir(void);

/*
 * The user's options for this plugin, as CRIU 4.3 keeps them: an argv whose first
 * word is a name, borrowed. Without options, or before 4.3: *@ret_argc is 0.
 *
 * Return: 0 or -errno. Logs.
 */
int host_plugin_options(int *ret_argc, char *const **ret_argv) must_check;

/*
 * The time in which CRIU must freeze the tasks. It would go on while a process is
 * locked, and six seconds after its end CRIU aborts itself, with nothing given back: so
 * it is stopped for that while. host_freeze_clock_stop() returns what is left, in ms,
 * 0 if there is no limit. host_freeze_clock_go() lets it go on, less @used_ms.
 */
unsigned int host_freeze_clock_stop(struct itimerval *ret_clock);
void host_freeze_clock_go(const struct itimerval *clock, unsigned int used_ms);

/* Will the dumped tasks go on, running or stopped, after a dump that succeeded? */
bool host_tasks_live_on(void);

/*
 * Keep CRIU from using the cgroup freezer, in which a restore thread could not be
 * let run. Before 4.1: nothing.
 */
void host_freeze_by_interrupt_only(void);

/*
 * Make @plugin required by the images being written. Only where host_version() is
 * at least 4.1. Return: 0 or -errno. Logs.
 */
int host_require_plugin(const char *plugin) must_check;

/*
 * Is @plugin required by the images being read, or may it be, for images older
 * than the inventory of plugins? Takes the requirement off CRIU's list: to be
 * called only by who can fulfil it. Only where host_version() is at least 4.1.
 */
bool host_claim_plugin(const char *plugin);
