/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_tool.h"

#include <errno.h>
#include <stdio.h>

#include "clock.h"
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

static void log_and_note(const char *call, const struct operation_target *target,
			 unsigned int timeout_ms, bool is_silent)
{
	const int ret = target->ret;

	/* What the watch says is its own to log. */
	if (ret && !is_silent && ret != -ENXIO && ret != -ESRCH && ret != -ECANCELED &&
	    ret != OPERATION_LEAVE)
		pr_err("pid %d: %s: %s\n", target->pid, call, strerror(-ret));

	(void)fake_world_note(call, target->pid, timeout_ms, ret);
}

/* Can the driver reach the restore thread? */
static bool answers(const struct fake_process *process)
{
	return !process->halted &&
	       (process->seized ? process->thread_runs : !process->stopped);
}

static int look(const struct operation_watch *watch)
{
	return watch->look ? watch->look(watch->subject) : 0;
}

/* The watch sees what there is to see; without one the utility finds nobody. */
static int watch_over(const struct operation_watch *watch,
		      const struct fake_process *process)
{
	const bool is_gone = !process || process->gone;
	int ret = 0;

	if (is_gone || process->halted)
		ret = look(watch);

	return is_gone && !ret ? -EIO : ret;
}

/* The time passes, until the watch has seen enough or the run its end. */
static int hang(struct fake_process *process, unsigned int timeout_ms,
		struct operation_target *target)
{
	for (int64_t ms = 0; ms < FOR_EVER_MS; ms += HANG_STEP_MS) {
		int ret = look(&target->watch);

		process->worked_on |= ret == OPERATION_LEAVE;
		if (ret)
			return ret;
		target->is_cut = timeout_ms && ms >= timeout_ms;
		if (target->is_cut)
			return -ETIMEDOUT;
		fake_world.waited_ms += HANG_STEP_MS;
	}

	fake_world_crime("a run of the utility that hangs for ever");
	return -ETIMEDOUT;
}

/* --- questions ---- */

static int ask(const char *question, struct fake_process *process,
	       unsigned int timeout_ms, struct operation_target *target)
{
	const enum fake_failure failure = fake_world_call(question, process);
	int ret = watch_over(&target->watch, process);

	target->is_cut = false;
	if (ret)
		return ret;

	process->questions++;
	if (failure == FAKE_HANGS)
		return hang(process, timeout_ms, target);
	if (failure != FAKE_SUCCEEDS)
		return error_of(failure);

	return process->is_cuda ? 0 : -ENXIO;
}

static void get_state(unsigned int timeout_ms, struct operation_target *target)
{
	struct fake_process *process = fake_world_find(target->pid);

	target->ret = ask("get-state", process, timeout_ms, target);
	if (!target->ret && !answers(process))
		target->ret = hang(process, timeout_ms, target);
	if (!target->ret)
		target->state = process->busy ? CUDA_CHECKPOINTING : process->rung;
	if (!target->ret && process->busy)
		process->busy--;

	log_and_note("get-state", target, 0, false);
}

void tool_get_states(const struct tool *tool, unsigned int timeout_ms,
		     struct operation_target *targets, size_t count)
{
	(void)tool;
	for (size_t i = 0; i < count; i++)
		get_state(timeout_ms, &targets[i]);
}

void tool_get_restore_tids(const struct tool *tool, struct operation_target *targets,
			   size_t count)
{
	(void)tool;
	for (size_t i = 0; i < count; i++) {
		struct operation_target *target = &targets[i];
		struct fake_process *process = fake_world_find(target->pid);

		target->ret = ask("get-restore-tid", process, QUESTION_MS, target);
		if (!target->ret)
			target->tid = process->tid;
		log_and_note("get-restore-tid", target, 0, false);
	}
}

void tool_learn(struct tool *tool)
{
	tool->has_learned = true;
}

int tool_probe(const struct tool *tool, char *ret_reason, size_t size)
{
	(void)tool;
	(void)ret_reason;
	(void)size;
	return 0;
}

/* --- actions ---- */

/* As the driver would answer, were there no failure. */
static int try(struct fake_process *process, enum cuda_action action,
	       unsigned int timeout_ms, struct operation_target *target, bool hangs)
{
	if (!process->is_cuda) {
		fake_world_crime("an action on a process without CUDA");
		return -EIO;
	}
	if ((action == CUDA_LOCK || action == CUDA_CHECKPOINT) && !process->owed)
		fake_world_crime("an action that the guardian does not know of");
	if (action == CUDA_CHECKPOINT && process->seized && !process->frozen)
		fake_world_crime("a checkpoint that the guardian does not know of");
	if (action == CUDA_RESTORE && process->is_out)
		fake_world_crime("the driver is given memory that is not there");
	if (hangs || !answers(process) || (action == CUDA_LOCK && process->seized))
		return hang(process, timeout_ms, target);
	if (process->rung != cuda_action_from(action)) {
		fake_world_crime("an action from the wrong rung");
		return -EBUSY;
	}

	return 0;
}

static int act(struct fake_process *process, enum cuda_action action,
	       unsigned int timeout_ms, struct operation_target *target)
{
	const enum fake_failure failure =
		fake_world_call(cuda_action_name(action), process);
	int ret;

	target->began_ms = clock_ms();
	ret = watch_over(&target->watch, process);
	target->is_cut = false;
	if (ret)
		return ret;

	process->actions++;
	ret = try(process, action, timeout_ms, target, failure == FAKE_HANGS);
	if (ret)
		return ret;

	if (failure == FAKE_SUCCEEDS || failure == FAKE_FAILS_DONE ||
	    failure == FAKE_TIMES_OUT_DONE)
		process->rung = cuda_action_to(action);
	/* The driver refuses a lock for want of time, and nothing else. */
	target->is_cut = failure == FAKE_TIMES_OUT_DONE ||
			 (failure == FAKE_TIMES_OUT && action != CUDA_LOCK);
	return error_of(failure);
}

static void act_on_all(enum cuda_action action, unsigned int timeout_ms,
		       bool may_be_refused, struct operation_target *targets,
		       size_t count)
{
	const unsigned int limit = action == CUDA_LOCK ? timeout_ms : 0;

	for (size_t i = 0; i < count; i++) {
		struct operation_target *target = &targets[i];

		target->ret = act(fake_world_find(target->pid), action, limit, target);
		log_and_note(cuda_action_name(action), target, limit,
			     may_be_refused && operation_is_refused(target));
	}
}

void tool_act(const struct tool *tool, enum cuda_action action, unsigned int timeout_ms,
	      struct operation_target *targets, size_t count)
{
	(void)tool;
	act_on_all(action, timeout_ms, false, targets, count);
}

void tool_try_lock(const struct tool *tool, unsigned int timeout_ms,
		   struct operation_target *targets, size_t count)
{
	(void)tool;
	act_on_all(CUDA_LOCK, timeout_ms, true, targets, count);
}

void tool_log_refusal(const struct operation_target *target, unsigned int tries)
{
	pr_err("pid %d: cannot lock: refused (%u tries)\n", target->pid, tries);
}

unsigned int fake_tool_runs(void)
{
	unsigned int runs = 0;

	for (size_t i = 0; i < fake_world.count; i++)
		runs += fake_world.processes[i].questions +
			fake_world.processes[i].actions;

	return runs;
}
