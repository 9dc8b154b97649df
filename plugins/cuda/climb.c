/* SPDX-License-Identifier: GPL-2.0-only */
#include "climb.h"

#include <errno.h>
#include <stdlib.h>

#include "cpu_share.h"
#include "ledger.h"
#include "log.h"
#include "offload.h"
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

/* A process that is to be restored has its memory first. */
static bool is_ready(const struct climb *climb, enum cuda_action action,
		     struct cuda_process *process)
{
	if (action == CUDA_RESTORE)
		process->ret = offload_put_back(climb->tool->offload, process);

	return !process->ret;
}

/* Do @action on all that need it. */
static void perform(struct climb *climb, enum cuda_action action)
{
	const unsigned int timeout_ms = climb->tool->operation_timeout_ms;
	struct team team;
	size_t chosen = 0;

	for (size_t i = 0; i < climb->count; i++)
		if (next_action(climb, climb->processes[i]) == action &&
		    is_ready(climb, action, climb->processes[i]))
			climb->chosen[chosen++] = climb->processes[i];
	if (!chosen ||
	    team_init(&team, climb->chosen, chosen,
		      action == CUDA_LOCK ? TEAM_ANSWERS : TEAM_OPERATES, timeout_ms))
		return;

	team_announce(&team, action);
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

/* For the buffer of @process, beside those of the others. */
static unsigned int prefault_threads(const struct climb *climb,
				     const struct cuda_process *process)
{
	unsigned int threads = climb->tool->prefault_threads, share;
	size_t at_once = climb->tool->at_once;

	if (!threads)
		return 0;
	if (!at_once || at_once > climb->count)
		at_once = climb->count;

	threads = threads > at_once ? (unsigned int)(threads / at_once) : 1;
	share = cpu_share_of(process->pid);
	return threads < share ? threads : share;
}

/* If it is in our hands, that is, stopped until we let it run. */
static int let_run(const struct climb *climb, struct cuda_process *process,
		   struct restore_thread *thread)
{
	const bool is_checkpoint = climb->goal == CUDA_CHECKPOINTED;
	const struct staging_order order = {
		.threads = is_checkpoint ? prefault_threads(climb, process) : 0,
		.tripwire = process->debt ? &process->debt->tripwire : NULL,
	};
	bool ours;
	int ret;

	ret = proc_is_traced_by_us(process->restore_tid, &ours);
	if (ret)
		pr_err("pid %d: cannot see who traces its restore thread %d: %s\n",
		       process->pid, process->restore_tid, remedy_of_proc(ret));
	if (ret || !ours)
		return ret;
	if (process->debt && atomic_load(&process->debt->tripwire.is_set)) {
		pr_err("pid %d: its restore thread %d has registers that are not its "
		       "own: left to the guardian\n",
		       process->pid, process->restore_tid);
		return -EBUSY;
	}

	ret = restore_thread_run(process->pid, process->restore_tid,
				 is_checkpoint ? &order : NULL, thread);
	if (!ret)
		process->thread = thread;

	return ret;
}

static void let_all_run(struct climb *climb)
{
	for (size_t i = 0; i < climb->count; i++) {
		struct cuda_process *process = climb->processes[i];

		if (!process->ret)
			process->ret = let_run(climb, process, &climb->threads[i]);
	}
}

/* Of a checkpoint that succeeded; else none is known. */
static void note_buffer(struct cuda_process *process)
{
	uint64_t address, bytes;

	restore_thread_buffer(process->thread, &address, &bytes);
	process->buffer.address = process->ret ? 0 : address;
	process->buffer.bytes = process->ret ? 0 : bytes;
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
		process->ret = process->ret ? process->ret : ret;
		if (climb->goal == CUDA_CHECKPOINTED)
			note_buffer(process);
		process->thread = NULL;
	}
}

/* Those that have been checkpointed, as long as it goes well. */
static void offload_all(struct climb *climb)
{
	int ret = cuda_process_first_error(climb->processes, climb->count);

	for (size_t i = 0; !ret && i < climb->count; i++) {
		ret = offload_take(climb->tool->offload, climb->processes[i]);
		climb->processes[i]->ret = ret;
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
	if (goal == CUDA_CHECKPOINTED)
		offload_all(&climb);
	return cuda_process_first_error(processes, count);
}

/* They had no turn, and stand where they stood. */
static void give_up(struct cuda_process *const processes[], size_t count, int error)
{
	for (size_t i = 0; i < count; i++)
		processes[i]->ret = processes[i]->ret ? processes[i]->ret : error;
}

/* After a failure nobody else need be checkpointed, but all have to come back. */
static int climb_in_waves(const struct tool *tool, struct cuda_process *const below[],
			  size_t count, enum cuda_state goal)
{
	size_t from = 0, wave;
	int first = 0, ret = 0;

	while (from < count && !(first && goal == CUDA_CHECKPOINTED)) {
		ret = offload_next_wave(tool->offload, below + from, count - from, goal,
					&wave);
		if (ret)
			break;
		ret = climb_all(tool, below + from, wave, goal);
		first = first ? first : ret;
		from += wave;
	}
	first = first ? first : ret;
	give_up(below + from, count - from, first);

	return first;
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

	return climb_in_waves(tool, below, left, goal);
}
