/* SPDX-License-Identifier: GPL-2.0-only */
#include "criu.h"

#include <criu-plugin.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "criu_process.h"
#include "criu_run.h"
#include "plugin.h"

#define NOT_CALLED 1
#define PATIENCE_S 60

const struct criu *criu;
struct criu_report *report;

static void set_or_unset(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void be_criu(int stage)
{
	const int image_dir =
		criu->image_dir ? open(criu->image_dir, O_RDONLY | O_CLOEXEC) : -1;
	const int descriptors = criu_process_descriptors();
	struct criu_signals before, after;

	alarm(0);
	set_or_unset("CRIU_CUDA_PLUGIN_OPTIONS", criu->environment);
	set_or_unset("CRIU_FAULT", criu->fault);
	criu_exports_set(criu, image_dir, report);
	criu_process_handle_signals();
	criu_process_read_signals(&before);
	if (!plugin_load())
		return;

	criu_run_stage(stage, image_dir);

	criu_process_read_signals(&after);
	report->signals_changed = !criu_process_same_signals(&before, &after);
	report->children_left = criu_process_children();
	report->descriptors_left = criu_process_descriptors() - descriptors;
}

static void clear_report(void)
{
	if (!report)
		report = (struct criu_report *)mmap(NULL, sizeof(*report),
						    PROT_READ | PROT_WRITE,
						    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		abort();

	memset(report, 0, sizeof(*report));
	for (size_t i = 0; i < CRIU_TASKS_MAX; i++)
		report->pause[i] = report->checkpoint[i] = report->resume[i] = NOT_CALLED;
}

/* Of the address sanitizer, where it is built in. Return: are there leaks? */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static int check_leaks(void)
{
	return __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check();
}

static const struct criu_report *run(const struct criu *settings, int stage)
{
	pid_t pid;
	int status;

	criu = settings;
	clear_report();
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0) {
		be_criu(stage);
		fflush(NULL);
		_exit(check_leaks());
	}

	for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms++) {
		if (ms == PATIENCE_S * 1000)
			kill(pid, SIGKILL);
		usleep(1000);
	}
	report->finished = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return report;
}

const struct criu_report *criu_dump(const struct criu *settings)
{
	return run(settings, settings->pre_dump ? CR_PLUGIN_STAGE__PRE_DUMP
						: CR_PLUGIN_STAGE__DUMP);
}

const struct criu_report *criu_restore(const struct criu *settings)
{
	return run(settings, CR_PLUGIN_STAGE__RESTORE);
}
