/* SPDX-License-Identifier: GPL-2.0-only */
#include "climb.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "proc.h"
#include "remedy.h"
#include "restore_thread.h"
#include "team.h"

/* For a process that is locked again, on the way back. */
#define LOCK_AGAIN_TIMEOUT_MS 10000

/* Some of them, chosen by a question; the memory is the caller's. */
struct climb {
	const struct tool *tool;
	struct cuda_process *const *processes;
	size_t count;
	enum cuda_state goal;
	struct cuda_process **chosen;
	struct restore_thread *threads; /* of the processes that are ours */
};

/* --- rung by rung ------------------------------------------------------------------- */

static bool is_uncertain(const struct cuda_process *process)
{
	return !process->ret && !process->rung_is_certain;
}

static void find_rungs(struct climb *climb)
{
	size_t chosen = 0;

	for (size_t i = 0; i < climb->count; i++)
		if (is_uncertain(climb->processes[i]))
			climb->chosen[chosen++] = climb->processes[i];
	if (chosen)
		cuda_process_find_rungs(climb->tool, climb->chosen, chosen);
}

/* The action that @process needs next; none after an error. */
static enum cuda_action next_action(const struct climb *climb,
				    struct cuda_process *process)
{
	enum cuda_action action = CUDA_NO_ACTION;

	if (!process->ret && cuda_state_next(process->rung, climb->goal, &action))
		process->ret = cuda_process_refuse_state(process, process->rung);

	return action;
}

/* Do @action on all that need it. */
static void perform(struct climb *climb, enum cuda_action action)
{
	const unsigned int timeout_ms = climb->tool->operation_timeout_ms;
	struct team team;
	size_t chosen = 0;

	for (size_t i = 0; i < climb->count; i++)
		if (next_action(climb, climb->processes[i]) == action)
			climb->chosen[chosen++] = climb->processes[i];
	if (!chosen ||
	    team_init(&team, climb->chosen, chosen,
		      action == CUDA_LOCK ? TEAM_ANSWERS : TEAM_OPERATES, timeout_ms))
		return;

	tool_act(climb->tool, action, LOCK_AGAIN_TIMEOUT_MS, team.targets, chosen);
	team_note_action(&team, action);
	team_release(&team);
}

/*
 * Up to the goal or down to it: each action is done once, on all that need it, in an
 * order in which none makes another necessary that has had its turn.
 */
static void take_steps(struct climb *climb)
{
	static const enum cuda_action order[] = { CUDA_LOCK, CUDA_CHECKPOINT,
						  CUDA_RESTORE, CUDA_UNLOCK };

	find_rungs(climb);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		perform(climb, order[i]);
}

/* --- with restore threads that are stopped ------------------------------------------ */

/* For the buffer of each process. */
static unsigned int prefault_threads(const struct climb *climb)
{
	const unsigned int threads = climb->tool->prefault_threads;
	size_t at_once = climb->tool->at_once;

	if (!threads)
		return 0;
	if (!at_once || at_once > climb->count)
		at_once = climb->count;

	return threads > at_once ? (unsigned int)(threads / at_once) : 1;
}

/* If it is in our hands, that is, stopped until we let it run. */
static int let_run(struct cuda_process *process, const struct staging_order *order,
		   struct restore_thread *thread)
{
	bool ours;
	int ret;

	ret = proc_is_traced_by_us(process->restore_tid, &ours);
	if (ret)
		pr_err("pid %d: cannot see who traces its restore thread %d: %s\n",
		       process->pid, process->restore_tid, remedy_of_proc(ret));
	if (ret || !ours)
		return ret;

	ret = restore_thread_run(process->pid, process->restore_tid, order, thread);
	if (!ret)
		process->thread = thread;

	return ret;
}

static void let_all_run(struct climb *climb)
{
	const bool is_checkpoint = climb->goal == CUDA_CHECKPOINTED;
	struct staging_order order = { .threads = prefault_threads(climb) };

	for (size_t i = 0; i < climb->count; i++) {
		struct cuda_process *process = climb->processes[i];

		order.tripwire = process->tripwire;
		if (!process->ret)
			process->ret = let_run(process, is_checkpoint ? &order : NULL,
					       &climb->threads[i]);
	}
}

/* The last one first, as restore_thread.h wants it. */
static void stop_all(struct climb *climb)
{
	for (size_t i = climb->count; i-- > 0;) {
		struct cuda_process *process = climb->processes[i];
		int ret;

		if (!process->thread)
			continue;

		ret = restore_thread_stop(process->thread);
		restore_thread_buffer(process->thread, &process->buffer_address,
				      &process->buffer_bytes);
		process->thread = NULL;
		process->ret = process->ret ? process->ret : ret;
	}
}

/* Of processes that are known to be CUDA. */
static void find_restore_threads(struct climb *climb)
{
	cuda_process_find_restore_threads(climb->tool, climb->processes, climb->count);

	for (size_t i = 0; i < climb->count; i++) {
		struct cuda_process *process = climb->processes[i];

		if (process->ret == -ENXIO)
			process->ret = cuda_process_has_lost_cuda(process);
	}
}

/* --- who has to climb --------------------------------------------------------------- */

static int climb_all(const struct tool *tool, struct cuda_process *const processes[],
		     size_t count, enum cuda_state goal)
{
	struct cuda_process **chosen autofree = calloc(count, sizeof(*chosen));
	struct restore_thread *threads autofree = calloc(count, sizeof(*threads));
	struct climb climb = {
		.tool = tool,
		.processes = processes,
		.count = count,
		.goal = goal,
		.chosen = chosen,
		.threads = threads,
	};

	if (!chosen || !threads)
		return cuda_process_out_of_memory(processes, count);

	find_restore_threads(&climb);
	let_all_run(&climb);
	take_steps(&climb);
	stop_all(&climb);
	return cuda_process_first_error(processes, count);
}

int climb_to(const struct tool *tool, struct cuda_process *const processes[],
	     size_t count, enum cuda_state goal)
{
	struct cuda_process **below autofree = calloc(count, sizeof(*below));
	size_t left = 0;

	if (!below)
		return cuda_process_out_of_memory(processes, count);

	for (size_t i = 0; i < count; i++) {
		processes[i]->ret = 0;
		if (!processes[i]->rung_is_certain || processes[i]->rung != goal)
			below[left++] = processes[i];
	}

	return left ? climb_all(tool, below, left, goal) : 0;
}
