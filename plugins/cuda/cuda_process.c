/* SPDX-License-Identifier: GPL-2.0-only */
#include "cuda_process.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "proc.h"
#include "remedy.h"
#include "restore_thread.h"

/* For a process that is locked again, on the way back. */
#define LOCK_AGAIN_TIMEOUT_MS 10000

/* --- the watch over a run of the utility (tool.h) --------------------------------- */

struct vigil {
	const struct cuda_process *process;
	struct restore_thread
		*thread;  /* to be tended; NULL if the process runs by itself */
	int64_t deadline; /* 0: none */
};

static int see_alive(pid_t pid)
{
	if (!proc_is_gone(pid))
		return 0;

	pr_err("pid %d: it ended while the utility was at work on it\n", pid);
	return -ESRCH;
}

/* The operation does not end as it should. */
static int leave(const struct cuda_process *process, const char *reason)
{
	pr_err("pid %d: %s; %s\n", process->pid, reason,
	       process->is_expendable ? "it is given up"
				      : "the operation is left to end by itself");
	return process->is_expendable ? -ECANCELED : SPAWN_LEAVE;
}

/* Does it answer? A thread of ours is helped to. */
static int watch_process(void *subject)
{
	const struct vigil *vigil = subject;

	return vigil->thread ? restore_thread_tend(vigil->thread)
			     : see_alive(vigil->process->pid);
}

/* The threads of a process that is not ours run, unless somebody has stopped them. */
static bool is_stopped(const struct vigil *vigil)
{
	bool stopped;

	return !vigil->thread && !proc_is_stopped(vigil->process->pid, &stopped) &&
	       stopped;
}

/* For what has no timeout of the driver's own: all but a lock. */
static int watch_operation(void *subject)
{
	const struct vigil *vigil = subject;
	int ret = watch_process(subject);

	if (ret)
		return ret;
	if (is_stopped(vigil))
		return leave(vigil->process,
			     "somebody has stopped it: continue it (kill -CONT)");
	if (vigil->deadline && clock_ms() >= vigil->deadline)
		return leave(vigil->process, "the driver takes longer than the option "
					     "operation-timeout allows");

	return 0;
}

/* --- where it stands -------------------------------------------------------------- */

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

static int refuse_state(pid_t pid, enum cuda_state state)
{
	pr_err("pid %d: its CUDA state is \"%s\": %s\n", pid, cuda_state_name(state),
	       state == CUDA_FAILED ? "the driver has given it up"
				    : "another operation is under way; try again");
	return -EBUSY;
}

int cuda_process_find_state(const struct tool *tool, pid_t pid, unsigned int timeout_ms,
			    enum cuda_state *ret_state)
{
	const struct cuda_process process = { .pid = pid };
	struct vigil vigil = { .process = &process };
	const struct spawn_watch watch = { .look = watch_process, .subject = &vigil };
	enum cuda_state state;
	int ret;

	ret = tool_get_state(tool, pid, timeout_ms, &watch, &state);
	if (ret == -ENXIO)
		return confirm_no_cuda(pid);
	if (ret)
		return ret;

	if (!cuda_state_is_rung(state))
		return refuse_state(pid, state);

	*ret_state = state;
	return 0;
}

static int64_t deadline_of_operation(const struct tool *tool)
{
	return tool->operation_timeout_ms ? clock_ms() + tool->operation_timeout_ms : 0;
}

/* The state of a process of ours, after an action on it failed. */
static int find_rung_again(const struct tool *tool, struct cuda_process *process,
			   struct vigil *vigil)
{
	const struct spawn_watch watch = { .look = watch_operation, .subject = vigil };
	enum cuda_state state;
	int ret;

	vigil->deadline = deadline_of_operation(tool);
	ret = tool_get_state(tool, process->pid, 0, &watch, &state);
	if (ret)
		return ret;

	/* What is in the middle of an operation will be elsewhere when asked again. */
	process->rung = state;
	process->rung_is_certain = cuda_state_is_rung(state);
	return 0;
}

/* --- the way from rung to rung ---------------------------------------------------- */

static int take_step(const struct tool *tool, struct cuda_process *process,
		     enum cuda_action action, unsigned int lock_timeout_ms,
		     struct vigil *vigil)
{
	const struct spawn_watch watch = {
		.look = action == CUDA_LOCK ? watch_process : watch_operation,
		.subject = vigil,
	};
	int64_t start = clock_ms();
	int ret;

	vigil->deadline = deadline_of_operation(tool);
	ret = tool_act(tool, action, process->pid, lock_timeout_ms, &watch);
	process->took_ms[action] = (unsigned int)(clock_ms() - start);
	if (ret) {
		process->rung_is_certain = false;
		return ret;
	}

	process->rung = cuda_action_to(action);
	return 0;
}

static int climb(const struct tool *tool, struct cuda_process *process,
		 enum cuda_state goal, unsigned int lock_timeout_ms,
		 struct restore_thread *thread)
{
	struct vigil vigil = { .process = process, .thread = thread };
	enum cuda_action action;
	int ret;

	if (!process->rung_is_certain) {
		ret = find_rung_again(tool, process, &vigil);
		if (ret)
			return ret;
	}

	for (;;) {
		ret = cuda_state_next(process->rung, goal, &action);
		if (ret)
			return refuse_state(process->pid, process->rung);
		if (action == CUDA_NO_ACTION)
			return 0;

		ret = take_step(tool, process, action, lock_timeout_ms, &vigil);
		if (ret)
			return ret;
	}
}

int cuda_process_climb(const struct tool *tool, struct cuda_process *process,
		       enum cuda_state goal, unsigned int lock_timeout_ms)
{
	return climb(tool, process, goal, lock_timeout_ms, NULL);
}

int cuda_process_find_restore_thread(const struct tool *tool, pid_t pid, pid_t *ret_tid)
{
	pid_t tid;
	int ret;

	ret = tool_get_restore_tid(tool, pid, &tid);
	if (ret == -ENXIO)
		return confirm_no_cuda(pid);
	if (ret)
		return ret;

	if (!proc_has_thread(pid, tid)) {
		pr_err("pid %d: the utility says that %d is its restore thread, and it "
		       "has "
		       "no such thread\n",
		       pid, tid);
		return -EBADMSG;
	}

	*ret_tid = tid;
	return 0;
}

/* Of a process that is known to be CUDA. */
static int find_restore_thread(const struct tool *tool, struct cuda_process *process)
{
	int ret;

	if (process->restore_tid)
		return 0;

	ret = cuda_process_find_restore_thread(tool, process->pid, &process->restore_tid);
	if (ret != -ENXIO)
		return ret;

	pr_err("pid %d: it was a CUDA process, and has no restore thread now\n",
	       process->pid);
	return -EIO;
}

/* Is @tid in our hands, that is, stopped until we let it run? */
static int is_ours(pid_t tid, bool *ret_ours)
{
	pid_t tracer;
	int ret;

	ret = proc_tracer(tid, &tracer);
	if (ret) {
		pr_err("restore thread %d: cannot see who traces it: %s\n", tid,
		       remedy_of_proc(ret));
		return ret;
	}

	*ret_ours = tracer == getpid();
	return 0;
}

/* Let the restore thread run, climb, stop it again; the first error counts. */
static int climb_while_stopped(const struct tool *tool, struct cuda_process *process,
			       enum cuda_state goal)
{
	struct restore_thread thread;
	int ret, stop;

	ret = restore_thread_run(process->restore_tid, &thread);
	if (ret)
		return ret;

	ret = climb(tool, process, goal, LOCK_AGAIN_TIMEOUT_MS, &thread);

	stop = restore_thread_stop(&thread);
	return ret ? ret : stop;
}

int cuda_process_bring(const struct tool *tool, struct cuda_process *process,
		       enum cuda_state goal)
{
	bool ours;
	int ret;

	if (process->rung_is_certain && process->rung == goal)
		return 0;

	ret = find_restore_thread(tool, process);
	if (ret)
		return ret;

	ret = is_ours(process->restore_tid, &ours);
	if (ret)
		return ret;

	return ours ? climb_while_stopped(tool, process, goal)
		    : cuda_process_climb(tool, process, goal, LOCK_AGAIN_TIMEOUT_MS);
}
