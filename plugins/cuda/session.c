/* SPDX-License-Identifier: GPL-2.0-only */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "life.h"
#include "log.h"
#include "proc.h"
#include "remedy.h"

void session_init(struct session *session, const struct tool *tool,
		  struct guardian *guardian, const struct survey_policy *policy)
{
	*session = (struct session){
		.tool = tool,
		.guardian = guardian,
		.policy = policy,
	};
}

void session_release(struct session *session)
{
	free(session->processes);
	*session = (struct session){ 0 };
}

static struct cuda_process *find(const struct session *session, pid_t pid)
{
	for (size_t i = 0; i < session->count; i++)
		if (session->processes[i].pid == pid)
			return &session->processes[i];

	return NULL;
}

static int add(struct session *session, const struct cuda_process *process,
	       struct cuda_process **ret_process)
{
	struct cuda_process *processes;

	processes =
		realloc(session->processes, (session->count + 1) * sizeof(*processes));
	if (!processes) {
		pr_err("pid %d: out of memory\n", process->pid);
		return -ENOMEM;
	}

	processes[session->count] = *process;
	session->processes = processes;
	*ret_process = &processes[session->count++];
	return 0;
}

/* -ENXIO if @pid cannot be a CUDA process, which needs no program run. */
static int may_be_cuda(const struct session *session, pid_t pid)
{
	bool maps;
	int ret;

	if (session->policy->ask_every_process)
		return 0;

	ret = proc_maps_libcuda(pid, &maps);
	if (ret == -ESRCH)
		return -ENXIO;
	if (ret) {
		pr_err("pid %d: cannot read its mappings: %s\n", pid,
		       remedy_of_proc(ret));
		return ret;
	}

	return maps ? 0 : -ENXIO;
}

/* The restore thread of a process that need not be CUDA: -ENXIO if it is not. */
static int find_restore_thread(const struct session *session, pid_t pid, pid_t *ret_tid)
{
	int ret = may_be_cuda(session, pid);

	return ret ? ret : cuda_process_find_restore_thread(session->tool, pid, ret_tid);
}

/*
 * A stopped process can neither be asked nor locked: either would wait until it runs,
 * with its frozen tree around it.
 */
static int refuse_stopped(const struct session *session, pid_t pid)
{
	bool is;

	if (session->policy->ask_every_process || proc_is_stopped(pid, &is) || !is ||
	    proc_has_restore_thread(pid, &is) || !is)
		return 0;

	pr_err("pid %d: it is stopped; continue it (kill -CONT) and try again\n", pid);
	return -EBUSY;
}

/* What is left until @deadline, which is 0 if there is none. */
static unsigned int left_ms(int64_t deadline)
{
	int64_t left = deadline - clock_ms();

	if (!deadline)
		return 0;

	return left > 0 ? (unsigned int)left : 1;
}

/* With it the pid names one process for good. */
static int find_start(struct cuda_process *process)
{
	int ret = life_start(process->pid, &process->start);

	if (ret)
		pr_err("pid %d: cannot see when it began: %s\n", process->pid,
		       remedy_of_proc(ret));

	return ret;
}

/* Find out about @pid, note it and lock it. */
static int pause_process(struct session *session, pid_t pid, int64_t deadline)
{
	struct cuda_process *process, found = { .pid = pid, .rung_is_certain = true };
	int ret;

	ret = cuda_process_find_state(session->tool, pid, left_ms(deadline),
				      &found.found);
	if (ret)
		return ret;

	/* Noted before it is touched: what is owed must be known first. */
	found.rung = found.found;
	ret = find_start(&found);
	if (!ret)
		ret = add(session, &found, &process);
	if (!ret && found.found != CUDA_CHECKPOINTED)
		ret = guardian_owe(session->guardian, process);
	if (ret)
		return ret;

	if (process->found != CUDA_RUNNING) {
		pr_info("pid %d: found %s, left so\n", pid,
			cuda_state_name(process->found));
		return 0;
	}

	ret = cuda_process_climb(session->tool, process, CUDA_LOCKED, left_ms(deadline));
	if (!ret)
		pr_info("pid %d: locked in %u ms\n", pid, process->took_ms[CUDA_LOCK]);

	return ret;
}

int session_survey(struct session *session, pid_t root)
{
	if (session->is_surveyed)
		return 0;

	session->is_surveyed = true;
	return survey_tree(session->tool, session->policy, root);
}

int session_pause(struct session *session, pid_t pid, unsigned int lock_timeout_ms)
{
	int64_t deadline = lock_timeout_ms ? clock_ms() + lock_timeout_ms : 0;
	int ret;

	ret = may_be_cuda(session, pid);
	if (!ret)
		ret = refuse_stopped(session, pid);
	if (!ret)
		ret = pause_process(session, pid, deadline);
	if (ret && ret != -ENXIO && proc_is_gone(pid)) {
		pr_info("pid %d: it has ended meanwhile\n", pid);
		return -ENXIO;
	}

	return ret;
}

/*
 * @pid was no CUDA process when it was to be locked. Nothing can lock it now that
 * its threads are stopped, so the dump cannot go on if it has become one.
 */
static int refuse_latecomer(struct session *session, pid_t pid)
{
	pid_t tid;
	int ret;

	ret = find_restore_thread(session, pid, &tid);
	if (ret)
		return ret;

	pr_err("pid %d: it became a CUDA process after it had been paused; try again\n",
	       pid);
	return -EAGAIN;
}

int session_checkpoint(struct session *session, pid_t pid)
{
	struct cuda_process *process = find(session, pid);
	int ret;

	if (!process)
		return refuse_latecomer(session, pid);

	guardian_freeze(session->guardian, pid);
	ret = cuda_process_bring(session->tool, process, CUDA_CHECKPOINTED);
	if (!ret && process->found != CUDA_CHECKPOINTED)
		pr_info("pid %d: checkpointed in %u ms\n", pid,
			process->took_ms[CUDA_CHECKPOINT]);

	return ret;
}

/* Once it is touched it must get to running, also if CRIU dies meanwhile. */
static int resume(struct session *session, struct cuda_process *process)
{
	int ret;

	ret = find_start(process);
	if (!ret)
		ret = guardian_owe(session->guardian, process);
	if (!ret)
		ret = cuda_process_bring(session->tool, process, CUDA_RUNNING);
	if (!ret)
		guardian_pay(session->guardian, process->pid);

	return ret;
}

int session_resume(struct session *session, pid_t pid)
{
	struct cuda_process process = {
		.pid = pid,
		.found = CUDA_RUNNING,
		.rung = CUDA_CHECKPOINTED,
		.rung_is_certain = true,
		.is_expendable = true,
	};
	int ret;

	ret = find_restore_thread(session, pid, &process.restore_tid);
	if (!ret)
		ret = resume(session, &process);
	if (!ret)
		pr_info("pid %d: restored in %u ms, unlocked in %u ms\n", pid,
			process.took_ms[CUDA_RESTORE], process.took_ms[CUDA_UNLOCK]);

	return ret;
}

static int bring_back(struct session *session, struct cuda_process *process)
{
	int ret;

	if (process->rung_is_certain && process->rung == process->found)
		return 0;

	if (!life_goes_on(process->pid, process->start) || life_is_ending(process->pid)) {
		pr_info("pid %d: it has ended, nothing to give back\n", process->pid);
		process->rung = process->found;
		process->rung_is_certain = true;
		return 0;
	}

	/* Nothing can be done before a step that was left at work has ended. */
	if (!process->rung_is_certain &&
	    proc_is_worked_on(process->pid, session->tool->program)) {
		pr_warn("pid %d: the utility is still at work on it: left to the "
			"guardian\n",
			process->pid);
		return -EINPROGRESS;
	}

	ret = cuda_process_bring(session->tool, process, process->found);
	if (!ret)
		pr_info("pid %d: given back, %s\n", process->pid,
			cuda_state_name(process->found));

	return ret;
}

static int give_back(struct session *session, struct cuda_process *process)
{
	int ret = bring_back(session, process);

	if (!ret)
		guardian_pay(session->guardian, process->pid);

	return ret;
}

int session_give_back(struct session *session)
{
	int first = 0;

	for (size_t i = 0; i < session->count; i++) {
		int ret = give_back(session, &session->processes[i]);

		first = first ? first : ret;
	}

	return first;
}
