/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each test starts with: a folder, four tasks, and the plugin's options.
 *
 * Also the lists of tests. cmocka.h needs the headers before it.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "criu.h"
#include "utility.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* On the first thread, SIGTRAP, and the two that cannot be blocked, are open. */
#define ALL_BUT_SIGTRAP (~(1ULL << 4 | 1ULL << 8 | 1ULL << 18))

struct fixture {
	struct task gpu;      /* has CUDA: it maps libcuda, and the utility knows it */
	struct task starting; /* the same, and the utility does not know it yet */
	struct task loaded;   /* maps libcuda, and has no restore thread */
	struct task plain;    /* neither */
	char options[8192];   /* of the environment: force, and the stand-in utility */
};

extern struct fixture fixture;

/* Of one test, with the tasks running. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Its CUDA process has a restore thread that is not known beyond doubt. */
void fixture_rename_restore_thread(void);

/* A dump or restore of the GPU task, with the options; or with the plain one too. */
struct criu fixture_criu(void);
struct criu fixture_criu_both(void);

/* The options with @more behind them; borrowed until the next call. */
const char *fixture_options(const char *more);

/*
 * CRIU lived, and is as it was: no signal setting changed, no child and no descriptor
 * left, nobody's child reaped by its handler; no thread of a task changed; the utility
 * was not run where it would hang; each log line is well made.
 */
void assert_clean(const struct criu_report *report);

/* Does the log have this text? */
bool logged(const struct criu_report *report, const char *text);

/* @task is in @state, and goes on. */
void assert_goes_on(const struct task *task, const char *state);

#define claim(test) \
	cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

int start_tests(void);
int dump_tests(void);
int give_back_tests(void);
int restore_tests(void);
int sim_tests(const char *build);
int scale_tests(void);
