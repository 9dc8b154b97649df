/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "at_work.h"
#include "process_tree.h"

struct fake_world fake_world;

void fake_world_reset(void)
{
	fake_world.count = 0;
	fake_world.calls = 0;
	fake_world.fail_call = 0;
	fake_world.fail_ever_after = false;
	fake_world.failure = FAKE_SUCCEEDS;
	fake_world.waited_ms = 0;
	fake_world.failed = NULL;
	fake_world.crime = NULL;
	fake_world.journal_length = 0;
	fake_world.shows_restore_threads = false;
}

struct fake_process *fake_world_add(pid_t pid)
{
	struct fake_process *process;

	if (fake_world.count == FAKE_PROCESSES_MAX)
		abort();

	process = &fake_world.processes[fake_world.count++];
	*process = (struct fake_process){ .pid = pid, .tid = pid + 1 };
	return process;
}

struct fake_process *fake_world_find(pid_t pid)
{
	for (size_t i = 0; i < fake_world.count; i++)
		if (fake_world.processes[i].pid == pid)
			return &fake_world.processes[i];

	return NULL;
}

struct fake_process *fake_world_find_thread(pid_t tid)
{
	for (size_t i = 0; i < fake_world.count; i++)
		if (fake_world.processes[i].tid == tid)
			return &fake_world.processes[i];

	return NULL;
}

static bool is_chosen(unsigned int call)
{
	if (!fake_world.fail_call)
		return false;

	return call == fake_world.fail_call ||
	       (fake_world.fail_ever_after && call > fake_world.fail_call);
}

enum fake_failure fake_world_call(const char *call, struct fake_process *process)
{
	if (!is_chosen(++fake_world.calls))
		return FAKE_SUCCEEDS;
	if (!fake_world.failed)
		fake_world.failed = call;
	if (fake_world.failure == FAKE_HALTS && process)
		process->halted = process->thread_runs;
	if (fake_world.failure == FAKE_STOPS && process)
		process->stopped |= !process->seized;
	if (fake_world.failure == FAKE_HALTS || fake_world.failure == FAKE_STOPS)
		return FAKE_SUCCEEDS;
	if (fake_world.failure != FAKE_DIES)
		return fake_world.failure;

	/* A call on a dead process goes the way it would. */
	if (process) {
		process->gone = true;
		process->thread_runs = false;
	}
	return FAKE_SUCCEEDS;
}

int fake_world_note(const char *call, pid_t id, unsigned int timeout_ms, int ret)
{
	if (fake_world.journal_length == FAKE_JOURNAL_MAX)
		abort();

	fake_world.journal[fake_world.journal_length++] = (struct fake_entry){
		.call = call,
		.id = id,
		.timeout_ms = timeout_ms,
		.ret = ret,
	};
	return ret;
}

void fake_world_crime(const char *crime)
{
	if (!fake_world.crime)
		fake_world.crime = crime;
}

bool fake_memory_fails(void)
{
	const enum fake_failure failure = fake_world_call("memory", NULL);

	return failure != FAKE_SUCCEEDS;
}

const char *fake_world_journal(void)
{
	static char text[FAKE_JOURNAL_MAX * 64];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < fake_world.journal_length; i++) {
		const struct fake_entry *entry = &fake_world.journal[i];
		char timeout[32] = "", ret[32] = "";

		if (entry->timeout_ms)
			snprintf(timeout, sizeof(timeout), " timeout %u",
				 entry->timeout_ms);
		if (entry->ret)
			snprintf(ret, sizeof(ret), " = %s", strerrorname_np(-entry->ret));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %d%s%s;",
					 entry->call, entry->id, timeout, ret);
	}

	return text;
}

/* What a look into /proc meets; 0 if the process can be looked at. */
static int look(const char *call, pid_t id, struct fake_process *process)
{
	const enum fake_failure failure = fake_world_call(call, process);
	int ret = failure == FAKE_SUCCEEDS || failure == FAKE_HANGS ? 0 : -EIO;

	if (!process || process->gone)
		ret = -ESRCH;

	return fake_world_note(call, id, 0, ret);
}

int proc_may_be_cuda(pid_t pid, bool *ret_may)
{
	struct fake_process *process = fake_world_find(pid);
	int ret = look("maps", pid, process);

	if (!ret)
		*ret_may = process->maps_libcuda;
	return ret;
}

/* Nothing depends on it: what is not seen is asked for. */
pid_t proc_sole_restore_thread(pid_t pid)
{
	const struct fake_process *process = fake_world_find(pid);

	return fake_world.shows_restore_threads && process && process->is_cuda
		       ? process->tid
		       : 0;
}

int proc_started_with(pid_t pid, const char *name, const char *value, bool *ret_with)
{
	const struct fake_process *process = fake_world_find(pid);

	(void)name;
	(void)value;
	*ret_with = process && process->in_job;
	return 0;
}

int process_tree_list(pid_t root, pid_t **ret_pids, size_t *ret_count)
{
	int ret = look("tree", root, fake_world_find(root));
	pid_t *pids = ret ? NULL : calloc(FAKE_PROCESSES_MAX, sizeof(*pids));
	size_t count = 0;

	if (!pids)
		return ret ? ret : -ENOMEM;

	for (size_t i = 0; i < fake_world.count; i++)
		if (fake_world.processes[i].pid >= root && !fake_world.processes[i].gone)
			pids[count++] = fake_world.processes[i].pid;
	*ret_pids = pids;
	*ret_count = count;
	return 0;
}

int proc_has_restore_thread(pid_t pid, bool *ret_has)
{
	struct fake_process *process = fake_world_find(pid);
	int ret = look("threads", pid, process);

	if (!ret)
		*ret_has = process->is_cuda || process->starting;
	return ret;
}

int proc_is_traced_by_us(pid_t tid, bool *ret_is)
{
	struct fake_process *process = fake_world_find_thread(tid);
	int ret;

	process = process ? process : fake_world_find(tid);
	ret = look("tracer", tid, process);

	if (!ret)
		*ret_is = process->seized;
	return ret;
}

int proc_is_stopped(pid_t pid, bool *ret_stopped)
{
	struct fake_process *process = fake_world_find(pid);
	int ret = look("stopped", pid, process);

	if (!ret)
		*ret_stopped = process->stopped || process->seized;
	return ret;
}

bool proc_is_gone(pid_t pid)
{
	return look("gone", pid, fake_world_find(pid)) == -ESRCH;
}

/* Not a call of its own: nothing but a word in the log hangs on it. */
int proc_resident(pid_t pid, uint64_t *ret_bytes)
{
	const struct fake_process *process = fake_world_find(pid);

	if (!process || process->gone || !process->resident)
		return -ESRCH;

	*ret_bytes = process->resident;
	return 0;
}

/* Not a call of its own: it goes with the question for the thread. */
bool proc_has_thread(pid_t pid, pid_t tid)
{
	const struct fake_process *process = fake_world_find_thread(tid);

	return process && process->pid == pid;
}

/* A process of this world begins once, at its own pid. */
int life_start(pid_t pid, uint64_t *ret_start)
{
	int ret = look("start", pid, fake_world_find(pid));

	if (!ret)
		*ret_start = (uint64_t)pid;
	return ret;
}

bool life_goes_on(pid_t pid, uint64_t start)
{
	return start == (uint64_t)pid &&
	       look("goes-on", pid, fake_world_find(pid)) != -ESRCH;
}

/* Killed and gone are one here: life_goes_on() has said it. */
bool life_is_ending(pid_t pid)
{
	const struct fake_process *process = fake_world_find(pid);

	return !process || process->gone;
}

bool at_work_on(pid_t pid, const char *program)
{
	const struct fake_process *process = fake_world_find(pid);

	(void)program;
	return process && process->worked_on;
}
