/* SPDX-License-Identifier: GPL-2.0-only */
#include "cuda_process.h"

#include <errno.h>
#include <stdlib.h>

#include "log.h"
#include "proc.h"
#include "remedy.h"
#include "team.h"

int cuda_process_first_error(struct cuda_process *const processes[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (processes[i]->ret)
			return processes[i]->ret;

	return 0;
}

int cuda_process_out_of_memory(struct cuda_process *const processes[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		pr_err("pid %d: out of memory\n", processes[i]->pid);
		processes[i]->ret = -ENOMEM;
	}

	return -ENOMEM;
}

int cuda_process_has_lost_cuda(const struct cuda_process *process)
{
	pr_err("pid %d: it was a CUDA process, and is none any more\n", process->pid);
	return -ENODATA;
}

int cuda_process_refuse_state(const struct cuda_process *process, enum cuda_state state)
{
	pr_err("pid %d: its CUDA state is \"%s\": %s\n", process->pid,
	       cuda_state_name(state),
	       state == CUDA_FAILED ? "the driver has given it up"
				    : "another operation is under way; try again");
	return -EBUSY;
}

/*
 * The utility says that @pid has no CUDA. That is final, unless the driver's thread
 * is there.
 */
static int confirm_no_cuda(pid_t pid)
{
	bool has;
	int ret;

	ret = proc_has_restore_thread(pid, &has);
	if (ret == -ESRCH || (!ret && !has))
		return -ENXIO;
	if (ret) {
		pr_err("pid %d: cannot see its threads: %s\n", pid, remedy_of_proc(ret));
		return ret;
	}

	pr_err("pid %d: it has a restore thread that the utility does not find, and may "
	       "be starting CUDA just now: try again\n",
	       pid);
	return -EAGAIN;
}

/* --- where they stand --------------------------------------------------------------- */

static int note_found(struct cuda_process *process, const struct operation_target *target)
{
	if (target->ret == -ENXIO)
		return confirm_no_cuda(process->pid);
	if (target->ret)
		return target->ret;
	if (!cuda_state_is_rung(target->state))
		return cuda_process_refuse_state(process, target->state);

	process->found = process->rung = target->state;
	process->rung_is_certain = true;
	return 0;
}

void cuda_process_find_states(const struct tool *tool, unsigned int timeout_ms,
			      struct cuda_process *const processes[], size_t count)
{
	struct team team;

	if (team_init(&team, processes, count, TEAM_ANSWERS, 0))
		return;

	tool_get_states(tool, timeout_ms, team.targets, count);
	for (size_t i = 0; i < count; i++)
		processes[i]->ret = note_found(processes[i], &team.targets[i]);
	team_release(&team);
}

void cuda_process_find_rungs(const struct tool *tool,
			     struct cuda_process *const processes[], size_t count)
{
	struct team team;

	if (team_init(&team, processes, count, TEAM_OPERATES, tool->operation_timeout_ms))
		return;

	tool_get_states(tool, 0, team.targets, count);
	for (size_t i = 0; i < count; i++) {
		const struct operation_target *target = &team.targets[i];

		processes[i]->ret = target->ret;
		if (target->ret == -ENXIO)
			processes[i]->ret = cuda_process_has_lost_cuda(processes[i]);
		if (target->ret)
			continue;
		/* In the middle of an operation: elsewhere when it is asked again. */
		processes[i]->rung = target->state;
		processes[i]->rung_is_certain = cuda_state_is_rung(target->state);
	}
	team_release(&team);
}

/* --- their restore threads ---------------------------------------------------------- */

static int note_restore_thread(struct cuda_process *process,
			       const struct operation_target *target)
{
	if (target->ret == -ENXIO)
		return confirm_no_cuda(process->pid);
	if (target->ret)
		return target->ret;

	if (!proc_has_thread(process->pid, target->tid)) {
		pr_err("pid %d: the utility says that %d is its restore thread, and it "
		       "has no such thread\n",
		       process->pid, target->tid);
		return -EBADMSG;
	}

	process->restore_tid = target->tid;
	return 0;
}

static void ask_for_restore_threads(const struct tool *tool,
				    struct cuda_process *const processes[], size_t count)
{
	struct team team;

	if (!count || team_init(&team, processes, count, TEAM_ANSWERS, 0))
		return;

	/* These are not looked at: their threads may be stopped, and are not asked. */
	for (size_t i = 0; i < count; i++)
		team.targets[i].watch.look = NULL;
	tool_get_restore_tids(tool, team.targets, count);
	for (size_t i = 0; i < count; i++)
		processes[i]->ret = note_restore_thread(processes[i], &team.targets[i]);
	team_release(&team);
}

/* Where /proc leaves any doubt the utility is asked. Return: is it known? */
static bool look_for_restore_thread(struct cuda_process *process)
{
	if (!process->restore_tid)
		process->restore_tid = proc_sole_restore_thread(process->pid);

	process->ret = 0;
	return process->restore_tid != 0;
}

void cuda_process_find_restore_threads(const struct tool *tool,
				       struct cuda_process *const processes[],
				       size_t count)
{
	struct cuda_process **unknown autofree = calloc(count, sizeof(*unknown));
	size_t left = 0;

	for (size_t i = 0; unknown && i < count; i++)
		if (!look_for_restore_thread(processes[i]))
			unknown[left++] = processes[i];

	if (unknown)
		ask_for_restore_threads(tool, unknown, left);
	else
		(void)cuda_process_out_of_memory(processes, count);
}
