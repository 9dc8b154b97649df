/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_tool.h"

#include <errno.h>
#include <stdio.h>

#include "fake_proc.h"
#include "log.h"

#define FOR_EVER_MS  100000
#define QUESTION_MS  60000
#define HANG_STEP_MS 1000 /* between looks of the watch */

static int error_of(enum fake_failure failure)
{
	switch (failure) {
	case FAKE_SUCCEEDS:
	case FAKE_DIES:
	case FAKE_HALTS:
	case FAKE_HANGS:
	case FAKE_STOPS:
	case FAKE_FAILURES:
		return 0;
	case FAKE_FAILS:
	case FAKE_FAILS_DONE:
		return -EIO;
	case FAKE_TIMES_OUT:
	case FAKE_TIMES_OUT_DONE:
		return -ETIMEDOUT;
	}

	return 0;
}

static int log_and_note(const char *call, pid_t pid, unsigned int timeout_ms, int ret)
{
	/* What the watch says is its own to log. */
	if (ret && ret != -ENXIO && ret != -ESRCH && ret != -ECANCELED &&
	    ret != SPAWN_LEAVE)
		pr_err("pid %d: %s: %s\n", pid, call, strerror(-ret));

	return fake_world_note(call, pid, timeout_ms, ret);
}

/* Can the driver reach the restore thread? */
static bool answers(const struct fake_process *process)
{
	return !process->halted &&
	       (process->seized ? process->thread_runs : !process->stopped);
}

/* The watch sees what there is to see; without one the utility finds nobody. */
static int watch_over(const struct spawn_watch *watch, const struct fake_process *process)
{
	const bool is_gone = !process || process->gone;
	int ret = 0;

	if (watch && (is_gone || process->halted))
		ret = watch->look(watch->subject);

	return is_gone && !ret ? -EIO : ret;
}

/* The time passes, until the watch has seen enough or the run its end. */
static int hang(struct fake_process *process, unsigned int timeout_ms,
		const struct spawn_watch *watch)
{
	for (int64_t ms = 0; ms < FOR_EVER_MS; ms += HANG_STEP_MS) {
		int ret = watch ? watch->look(watch->subject) : 0;

		process->worked_on |= ret == SPAWN_LEAVE;
		if (ret)
			return ret;
		if (timeout_ms && ms >= timeout_ms)
			return -ETIMEDOUT;
		fake_world.waited_ms += HANG_STEP_MS;
	}

	fake_world_crime("a run of the utility that hangs for ever");
	return -ETIMEDOUT;
}

static int ask(const char *question, struct fake_process *process,
	       unsigned int timeout_ms, const struct spawn_watch *watch)
{
	const enum fake_failure failure = fake_world_call(question, process);
	int ret = watch_over(watch, process);

	if (ret)
		return ret;

	process->questions++;
	if (failure == FAKE_HANGS)
		return hang(process, timeout_ms, watch);
	if (failure != FAKE_SUCCEEDS)
		return error_of(failure);

	return process->is_cuda ? 0 : -ENXIO;
}

int tool_get_state(const struct tool *tool, pid_t pid, unsigned int timeout_ms,
		   const struct spawn_watch *watch, enum cuda_state *ret_state)
{
	struct fake_process *process = fake_world_find(pid);
	int ret = ask("get-state", process, timeout_ms, watch);

	(void)tool;
	if (!ret && !answers(process))
		ret = hang(process, timeout_ms, watch);
	if (!ret)
		*ret_state = process->busy ? CUDA_CHECKPOINTING : process->rung;
	if (!ret && process->busy)
		process->busy--;

	return log_and_note("get-state", pid, 0, ret);
}

int tool_get_restore_tid(const struct tool *tool, pid_t pid, pid_t *ret_tid)
{
	struct fake_process *process = fake_world_find(pid);
	int ret = ask("get-restore-tid", process, QUESTION_MS, NULL);

	(void)tool;
	if (!ret)
		*ret_tid = process->tid;

	return log_and_note("get-restore-tid", pid, 0, ret);
}

/* As the driver would answer, were there no failure. */
static int try(struct fake_process *process, enum cuda_action action,
	       unsigned int timeout_ms, const struct spawn_watch *watch, bool hangs)
{
	if (!process->is_cuda) {
		fake_world_crime("an action on a process without CUDA");
		return -EIO;
	}
	if ((action == CUDA_LOCK || action == CUDA_CHECKPOINT) && !process->owed)
		fake_world_crime("an action that the guardian does not know of");
	if (action == CUDA_CHECKPOINT && process->seized && !process->frozen)
		fake_world_crime("a checkpoint that the guardian does not know of");
	if (hangs || !answers(process) || (action == CUDA_LOCK && process->seized))
		return hang(process, timeout_ms, watch);
	if (process->rung != cuda_action_from(action)) {
		fake_world_crime("an action from the wrong rung");
		return -EBUSY;
	}

	return 0;
}

static int act(struct fake_process *process, enum cuda_action action,
	       unsigned int timeout_ms, const struct spawn_watch *watch)
{
	const enum fake_failure failure =
		fake_world_call(cuda_action_name(action), process);
	int ret = watch_over(watch, process);

	if (ret)
		return ret;

	process->actions++;
	ret = try(process, action, timeout_ms, watch, failure == FAKE_HANGS);
	if (ret)
		return ret;

	if (failure == FAKE_SUCCEEDS || failure == FAKE_FAILS_DONE ||
	    failure == FAKE_TIMES_OUT_DONE)
		process->rung = cuda_action_to(action);
	return error_of(failure);
}

int tool_act(const struct tool *tool, enum cuda_action action, pid_t pid,
	     unsigned int timeout_ms, const struct spawn_watch *watch)
{
	const unsigned int limit = action == CUDA_LOCK ? timeout_ms : 0;
	int ret;

	(void)tool;
	ret = act(fake_world_find(pid), action, limit, watch);
	return log_and_note(cuda_action_name(action), pid, limit, ret);
}

int tool_probe(const struct tool *tool, char *ret_reason, size_t size)
{
	(void)tool;
	(void)ret_reason;
	(void)size;
	return 0;
}

unsigned int fake_tool_runs(void)
{
	unsigned int runs = 0;

	for (size_t i = 0; i < fake_world.count; i++)
		runs += fake_world.processes[i].questions +
			fake_world.processes[i].actions;

	return runs;
}
