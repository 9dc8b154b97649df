/* SPDX-License-Identifier: GPL-2.0-only */
#include "session.h"

#include <errno.h>
#include <stdlib.h>

#include "candidate.h"
#include "climb.h"
#include "clock.h"
#include "departed.h"
#include "give_back.h"
#include "intake.h"
#include "life.h"
#include "lock.h"
#include "log.h"
#include "offload.h"
#include "proc.h"
#include "process_tree.h"
#include "remedy.h"

void session_init(struct session *session, struct tool *tool, struct guardian *guardian,
		  const struct survey_policy *policy)
{
	*session = (struct session){
		.tool = tool,
		.guardian = guardian,
		.policy = policy,
	};
	stats_init(&session->stats);
}

void session_release(struct session *session)
{
	survey_release(&session->survey);
	pid_set_release(&session->seen);
	offload_close(session->roster.processes, session->roster.count);
	roster_release(&session->roster);
}

size_t session_others(const struct session *session)
{
	return session->seen.count - session->roster.count;
}

static int see(struct session *session, const pid_t *pids, size_t count)
{
	if (pid_set_add(&session->seen, pids, count) == 0)
		return 0;

	pr_err("out of memory for %zu processes\n", count);
	return -ENOMEM;
}

/* What is owed must be known before a process is touched. */
static int note_debts(struct session *session, struct roster *group)
{
	int ret = 0;

	if (roster_take_over(&session->roster, group)) {
		pr_err("out of memory for %zu CUDA processes\n", group->count);
		return -ENOMEM;
	}

	for (size_t i = 0; !ret && i < group->count; i++)
		if (group->processes[i]->found != CUDA_CHECKPOINTED)
			ret = guardian_owe(session->guardian, group->processes[i]);

	return ret;
}

/* --- pausing ------------------------------------------------------------------------ */

int session_survey(struct session *session, pid_t root)
{
	const struct survey *survey = &session->survey;

	if (session->is_surveyed)
		return session->error;

	session->is_surveyed = true;
	stats_begin(&session->stats, STATS_FIND);
	session->error =
		survey_tree(session->tool, session->policy, root, &session->survey);
	if (!session->error)
		session->error = see(session, survey->tree, survey->tree_count);
	/* A question more, which is worth it for several. */
	if (!session->error && survey->count > 1)
		tool_learn(session->tool);

	return session->error;
}

/* Those of @group that run; the others stay as they were found. */
static int lock_group(struct session *session, const struct roster *group,
		      unsigned int timeout_ms)
{
	struct cuda_process **running autofree = calloc(group->count, sizeof(*running));
	size_t count = 0;
	int ret;

	if (!running)
		return cuda_process_out_of_memory(group->processes, group->count);

	for (size_t i = 0; i < group->count; i++) {
		struct cuda_process *process = group->processes[i];

		if (process->found == CUDA_RUNNING)
			running[count++] = process;
		else
			pr_info("pid %d: found %s, left so\n", process->pid,
				cuda_state_name(process->found));
	}

	stats_begin(&session->stats, STATS_LOCK);
	ret = count ? lock_together(session->tool, running, count, timeout_ms) : 0;
	stats_end(&session->stats, STATS_LOCK);

	return ret;
}

static int pause_group(struct session *session, const pid_t *pids, size_t count,
		       unsigned int timeout_ms)
{
	const int64_t deadline = timeout_ms ? clock_ms() + timeout_ms : 0;
	struct roster group;
	int ret;

	stats_begin(&session->stats, STATS_FIND);
	ret = intake_running(session->tool, session->policy, pids, count, timeout_ms,
			     &group);
	stats_end(&session->stats, STATS_FIND);
	if (ret)
		return ret;

	ret = note_debts(session, &group);
	if (!ret && group.count)
		ret = lock_group(session, &group, clock_left_ms(deadline));
	roster_release(&group);
	return ret;
}

/* How much GPU memory each has, as far as the survey has seen it. */
static void note_memory(struct session *session)
{
	const struct survey *survey = &session->survey;

	for (size_t i = 0; i < survey->count; i++) {
		struct cuda_process *process =
			roster_find(&session->roster, survey->pids[i]);

		if (process)
			process->bytes = survey->bytes[i];
	}
}

static int pause_surveyed(struct session *session, unsigned int timeout_ms)
{
	int ret = 0;

	session->is_paused = true;
	if (session->survey.count)
		ret = pause_group(session, session->survey.pids, session->survey.count,
				  timeout_ms);
	else
		stats_end(&session->stats, STATS_FIND);
	note_memory(session);
	return ret;
}

/* One that had no CUDA has it by now if the driver's thread is there. */
static bool has_come_to_cuda(const struct session *session, pid_t pid)
{
	bool has;

	return !session->policy->ask_every_process &&
	       proc_has_restore_thread(pid, &has) == 0 && has;
}

/* @pid was not there when the tree was surveyed, or had no CUDA then. */
static int pause_newcomer(struct session *session, pid_t pid, unsigned int timeout_ms)
{
	const bool is_new = !pid_set_has(&session->seen, pid);
	bool may_be;
	int ret = 0;

	if (is_new)
		ret = see(session, &pid, 1);
	if (!ret)
		ret = candidate_check(pid, session->policy->ask_every_process, &may_be);
	if (ret || !may_be || (!is_new && !has_come_to_cuda(session, pid)))
		return ret;

	return pause_group(session, &pid, 1, timeout_ms);
}

int session_pause(struct session *session, pid_t pid, unsigned int lock_timeout_ms)
{
	const struct cuda_process *process;

	if (!session->error && !session->is_paused)
		session->error = pause_surveyed(session, lock_timeout_ms);
	if (!session->error && !roster_find(&session->roster, pid))
		session->error = pause_newcomer(session, pid, lock_timeout_ms);
	if (session->error)
		return session->error;

	/* One that has ended meanwhile is nobody's. */
	process = roster_find(&session->roster, pid);
	return process && process->ret != -ESRCH ? 0 : -ENXIO;
}

/* --- checkpointing ------------------------------------------------------------------ */

/*
 * @pid was no CUDA process when it was to be locked. Nothing can lock it now that
 * its threads are stopped, so the dump cannot go on if it has become one.
 */
static int refuse_latecomer(struct session *session, pid_t pid)
{
	int ret;

	ret = intake_is_cuda(session->tool, session->policy, pid);
	if (ret)
		return ret;

	pr_err("pid %d: it became a CUDA process after it had been paused; try again\n",
	       pid);
	return -EAGAIN;
}

static int checkpoint_all(struct session *session)
{
	const size_t room = session->roster.count;
	struct cuda_process **chosen autofree = calloc(room, sizeof(*chosen));
	size_t count;
	int ret;

	session->is_checkpointed = true;
	if (!room)
		return 0;
	if (!chosen)
		return cuda_process_out_of_memory(session->roster.processes, room);

	ret = departed_give_back(session->tool, session->guardian,
				 session->roster.processes, room, chosen, &count);
	if (!ret)
		ret = offload_check_names(session->tool->offload, chosen, count);
	if (ret)
		return ret;

	for (size_t i = 0; i < count; i++)
		guardian_freeze(session->guardian, chosen[i]->pid);
	stats_begin(&session->stats, STATS_CHECKPOINT);
	ret = climb_to(session->tool, chosen, count, CUDA_CHECKPOINTED);
	stats_end(&session->stats, STATS_CHECKPOINT);
	for (size_t i = 0; i < count; i++)
		if (!chosen[i]->ret && chosen[i]->found != CUDA_CHECKPOINTED)
			pr_info("pid %d: checkpointed in %u ms\n", chosen[i]->pid,
				chosen[i]->steps[CUDA_CHECKPOINT].took_ms);

	return ret;
}

int session_checkpoint(struct session *session, pid_t pid)
{
	const struct cuda_process *process;

	if (!session->error && !session->is_checkpointed)
		session->error = checkpoint_all(session);
	if (session->error)
		return session->error;

	/* The pid may be another's by now. */
	process = roster_find(&session->roster, pid);
	if (process && life_goes_on(pid, process->start))
		return process->ret;

	return refuse_latecomer(session, pid);
}

/* --- resuming ----------------------------------------------------------------------- */

static int resume_group(struct session *session, struct roster *group)
{
	int ret;

	if (group->count > 1)
		tool_learn(session->tool);
	ret = note_debts(session, group);
	/* What is missing, or does not fit, is said before anything is done. */
	if (!ret)
		ret = offload_find(session->tool->offload, group->processes,
				   group->count);
	if (ret)
		return ret;

	stats_begin(&session->stats, STATS_RESTORE);
	ret = climb_to(session->tool, group->processes, group->count, CUDA_RUNNING);
	stats_end(&session->stats, STATS_RESTORE);
	for (size_t i = 0; i < group->count; i++) {
		const struct cuda_process *process = group->processes[i];

		if (process->ret)
			continue;
		guardian_pay(session->guardian, process->pid);
		pr_info("pid %d: restored in %u ms, unlocked in %u ms\n", process->pid,
			process->steps[CUDA_RESTORE].took_ms,
			process->steps[CUDA_UNLOCK].took_ms);
	}

	return ret;
}

/* @pid and all below it. Whether they are restored tells who traces them. */
static int resume_tree(struct session *session, pid_t pid)
{
	pid_t *pids autofree = NULL;
	struct roster group;
	size_t count = 0;
	int ret;

	stats_begin(&session->stats, STATS_FIND);
	ret = process_tree_list(pid, &pids, &count);
	if (ret == -ESRCH)
		return 0;
	if (ret)
		pr_err("pid %d: cannot list the processes below it: %s\n", pid,
		       remedy_of_proc(ret));
	pid_set_drop(&session->seen, pids, &count);
	if (!ret)
		ret = see(session, pids, count);
	if (!ret)
		ret = intake_restored(session->tool, session->policy, pids, count,
				      &group);
	stats_end(&session->stats, STATS_FIND);
	if (ret)
		return ret;

	ret = group.count ? resume_group(session, &group) : 0;
	roster_release(&group);
	return ret;
}

int session_resume(struct session *session, pid_t pid)
{
	const struct cuda_process *process;

	if (!session->error && !pid_set_has(&session->seen, pid))
		session->error = resume_tree(session, pid);
	if (session->error)
		return session->error;

	process = roster_find(&session->roster, pid);
	return process ? process->ret : -ENXIO;
}

bool session_has_images(const struct session *session)
{
	for (size_t i = 0; i < session->roster.count; i++)
		if (session->roster.processes[i]->has_image)
			return true;

	return false;
}

void session_discard_images(struct session *session)
{
	offload_discard(session->tool->offload, session->roster.processes,
			session->roster.count);
}

int session_give_back(struct session *session)
{
	int ret;

	if (!session->roster.count)
		return 0;

	stats_begin(&session->stats, STATS_RESTORE);
	ret = give_back(session->tool, session->guardian, session->roster.processes,
			session->roster.count);
	stats_end(&session->stats, STATS_RESTORE);
	return ret;
}
