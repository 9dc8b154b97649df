/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pretend CRIU: one dump or restore of real processes, with the plugin.
 *
 * Each runs in a process of its own, as CRIU does: it loads the plugin from
 * criu_plugin_path, calls it in CRIU's order, and holds the tasks by ptrace as CRIU
 * does. What the plugin can see of CRIU are the symbols of criu_exports.c; which of them
 * are there depends on how the test program is linked (make-exports), and so does the
 * version that it plays: criu_version().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "task.h"

#define CRIU_TASKS_MAX	 4
#define CRIU_OPTIONS_MAX 4
#define CRIU_LOG_MAX	 (64 * 1024)

enum criu_final_state {
	CRIU_LEAVE_RUNNING = 1,
	CRIU_KILL = 2,
	CRIU_LEAVE_STOPPED = 3
};

/* Where a dump fails by itself. */
enum criu_failure {
	CRIU_SUCCEEDS,
	CRIU_FAILS_AFTER_PAUSE, /* of the last task, not seized yet */
	CRIU_FAILS_AFTER_SEIZE, /* of all */
	CRIU_FAILS_LATER,
};

/* The list of plugins in an inventory.img to restore from. */
enum criu_list {
	CRIU_LIST_MISSING,
	CRIU_LIST_EMPTY,
	CRIU_LIST_PLUGIN, /* needs ours */
};

/* What is asked for. All zero but the tasks is a dump that leaves them running. */
struct criu {
	const struct task *tasks[CRIU_TASKS_MAX];
	size_t count;
	enum criu_final_state final_state; /* 0: CRIU_LEAVE_RUNNING */
	enum criu_failure failure;
	enum criu_list list;	 /* restore */
	bool damaged_inventory;	 /* restore */
	const char *image_dir;	 /* NULL: there is none */
	const char *environment; /* the plugin's options; NULL: not set */
	const char *fault;	 /* CRIU_FAULT */
	const char *options[CRIU_OPTIONS_MAX + 1]; /* --plugin-option */
	unsigned int timer_ms;			   /* 0: no --timeout */
	bool pre_dump;
	bool checks_ptrace_options; /* costs the restore thread a system call */
	void (*after_pause)(const struct task *task); /* of each; may be NULL */
	void (*play)(void); /* of a dump: calls the hooks in place of the tasks' */
};

/* What came of it. */
struct criu_report {
	bool finished;	   /* it did not die */
	char refused[256]; /* the plugin was not loaded: why */
	int init;
	int pause[CRIU_TASKS_MAX]; /* 1: not called */
	int checkpoint[CRIU_TASKS_MAX];
	int resume[CRIU_TASKS_MAX];
	bool failed;		     /* the dump or the restore as a whole */
	size_t let_go;		     /* restored tasks that were let run */
	bool missing_plugin;	     /* a required plugin is not there */
	unsigned int added;	     /* calls of add_inventory_plugin() */
	unsigned int claimed;	     /* of check_and_remove_inventory_plugin() */
	unsigned int claimed_images; /* of the same, for what we bring beside us */
	unsigned int interrupt_only; /* of set_compel_interrupt_only_mode() */
	unsigned int alarms;	     /* SIGALRM came */
	unsigned int stolen;	     /* children that the SIGCHLD handler reaped */
	unsigned int children_left;
	int descriptors_left; /* more than before */
	bool signals_changed; /* handlers, mask */
	bool threads_changed; /* of a task, by the hooks: stop, mask, tracer */
	bool still_sysgood;   /* checks_ptrace_options: TRACESYSGOOD is on */
	unsigned int errors;  /* lines of level error */
	unsigned int infos;
	bool bad_line; /* one of the log without prefix or newline */
	size_t log_length;
	char log[CRIU_LOG_MAX];
};

extern const char *criu_plugin_path;

/* "4.0", "4.1", "4.2" or "4.3", from the name of the test program. */
const char *criu_version(void);

/* Is @symbol there for the plugin? */
bool criu_exports(const char *symbol);

/* Has it a list of plugins, for the plugin to use? */
bool criu_has_list(void);

/* The report is valid until the next call. */
const struct criu_report *criu_dump(const struct criu *settings);
const struct criu_report *criu_restore(const struct criu *settings);

/* Of the exports: what the plugin can see of @criu is set, what it does is reported. */
void criu_exports_set(const struct criu *criu, int image_dir, struct criu_report *report);

/* The names on the list of plugins now. */
size_t criu_exports_listed(void);
