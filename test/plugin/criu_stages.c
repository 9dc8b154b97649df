/* SPDX-License-Identifier: GPL-2.0-only */
#include "criu_run.h"

#include <criu-plugin.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "inventory_image.h"
#include "plugin.h"

static bool is_error(int ret)
{
	return ret && ret != -ENOTSUP;
}

typedef char snapshots[CRIU_TASKS_MAX][TASK_SNAPSHOT_MAX];

static void take_snapshots(snapshots at, size_t seized)
{
	for (size_t i = 0; i < seized; i++)
		task_snapshot(criu->tasks[i], at[i], sizeof(at[i]));
}

static void compare_snapshots(snapshots before, size_t seized)
{
	snapshots now;

	take_snapshots(now, seized);
	for (size_t i = 0; i < seized; i++)
		if (strcmp(before[i], now[i]) != 0)
			report->threads_changed = true;
}

/* ---- a dump ---- */

static void set_timer(unsigned int ms)
{
	const struct itimerval timer = {
		.it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 },
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Return: did it work? @ret_seized are those to let go of, in any case. */
static bool freeze(size_t *ret_seized)
{
	for (size_t i = 0; i < criu->count; i++) {
		report->pause[i] =
			plugin_call(CR_PLUGIN_HOOK__PAUSE_DEVICES, criu->tasks[i]);
		if (is_error(report->pause[i]))
			return false;
		if (criu->after_pause)
			criu->after_pause(criu->tasks[i]);
		if (criu->failure == CRIU_FAILS_AFTER_PAUSE && i == criu->count - 1)
			return false;

		task_seize(criu->tasks[i]);
		*ret_seized = i + 1;
	}

	return criu->failure != CRIU_FAILS_AFTER_SEIZE;
}

static bool checkpoint_all(void)
{
	for (size_t i = 0; i < criu->count; i++) {
		report->checkpoint[i] =
			plugin_call(CR_PLUGIN_HOOK__CHECKPOINT_DEVICES, criu->tasks[i]);
		if (is_error(report->checkpoint[i]))
			return false;
	}

	return true;
}

/* Of TRACESYSGOOD only the stop at a system call tells. */
static void check_ptrace_options(const struct task *task)
{
	const pid_t tid = task_restore_tid(task);
	int status = 0;

	if (ptrace(PTRACE_SYSCALL, tid, NULL, NULL) == 0 &&
	    waitpid(tid, &status, __WALL) == tid)
		report->still_sysgood =
			WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}

static void release(const struct task *task)
{
	const int state = report->failed || !criu->final_state ? CRIU_LEAVE_RUNNING
							       : (int)criu->final_state;

	if (state == CRIU_KILL)
		kill(task->pid, SIGKILL);
	if (state == CRIU_LEAVE_STOPPED)
		kill(task->pid, SIGSTOP);
	(void)task_detach(task);
}

static bool take_images(int image_dir)
{
	if (criu->failure == CRIU_FAILS_LATER)
		return false;
	if (image_dir >= 0)
		inventory_image_write(image_dir, criu_has_list(), criu_exports_listed());

	return true;
}

static bool dump_tasks(int image_dir, size_t *ret_seized)
{
	static snapshots before;
	bool good;

	set_timer(criu->timer_ms);
	good = freeze(ret_seized);
	set_timer(0);
	take_snapshots(before, *ret_seized);

	good = good && checkpoint_all() && take_images(image_dir);
	compare_snapshots(before, *ret_seized);
	return good;
}

static void dump(int image_dir)
{
	static snapshots before;
	size_t seized = 0;

	report->failed = !dump_tasks(image_dir, &seized);
	if (criu->checks_ptrace_options)
		check_ptrace_options(criu->tasks[0]);
	take_snapshots(before, seized);

	plugin_finish_dump(report->failed ? -1 : 0);
	plugin_exit(CR_PLUGIN_STAGE__DUMP, report->failed ? -1 : 0);

	compare_snapshots(before, seized);
	for (size_t i = 0; i < seized; i++)
		release(criu->tasks[i]);
}

/* ---- a restore ---- */

static bool resume_all(void)
{
	const bool obeys = strcmp(criu_version(), "4.3") == 0;

	for (size_t i = 0; i < criu->count; i++) {
		report->resume[i] =
			plugin_call(CR_PLUGIN_HOOK__RESUME_DEVICES_LATE, criu->tasks[i]);
		if (is_error(report->resume[i]) && obeys)
			return false;
	}

	return true;
}

/* The first that has ended ends this. */
static bool detach_all(void)
{
	while (report->let_go < criu->count && task_detach(criu->tasks[report->let_go]))
		report->let_go++;

	return report->let_go == criu->count;
}

/* The tasks are there and stopped: that much of the restore has been done. */
static void restore(void)
{
	static snapshots before;

	for (size_t i = 0; i < criu->count; i++)
		task_seize(criu->tasks[i]);
	take_snapshots(before, criu->count);

	report->failed = !resume_all();
	if (!report->failed)
		compare_snapshots(before, criu->count);
	report->failed |= !detach_all();
	if (report->failed)
		for (size_t i = 0; i < criu->count; i++)
			kill(criu->tasks[i]->pid, SIGKILL);

	plugin_exit(CR_PLUGIN_STAGE__RESTORE, report->failed ? -1 : 0);
}

/* ---- both ---- */

void criu_run_stage(int stage, int image_dir)
{
	report->init = plugin_init(stage);
	report->missing_plugin = stage == CR_PLUGIN_STAGE__RESTORE && criu_has_list() &&
				 criu_exports_listed() > 0;
	if (report->init || report->missing_plugin) {
		report->failed = true;
		plugin_exit(stage, -1);
		return;
	}

	if (stage == CR_PLUGIN_STAGE__RESTORE) {
		restore();
	} else if (stage == CR_PLUGIN_STAGE__DUMP && !criu->play) {
		dump(image_dir);
	} else {
		if (criu->play)
			criu->play();
		plugin_exit(stage, 0);
	}
}
