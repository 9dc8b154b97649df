/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_restore_thread.h"

#include <errno.h>
#include <stdbool.h>

#include "fake_proc.h"
#include "log.h"

static int log_and_note(const char *call, pid_t tid, int ret)
{
	if (ret)
		pr_err("restore thread %d: %s: %s\n", tid, call, strerror(-ret));

	return fake_world_note(call, tid, 0, ret);
}

static int run(struct fake_process *process)
{
	const enum fake_failure failure = fake_world_call("run", process);

	if (!process || process->gone || !process->seized || process->thread_runs)
		return -ESRCH;
	if (failure != FAKE_SUCCEEDS)
		return -EIO;

	process->thread_runs = true;
	process->runs++;
	return 0;
}

int restore_thread_run(pid_t pid, pid_t tid, const struct staging_order *order,
		       struct restore_thread *ret_thread)
{
	struct fake_process *process = fake_world_find_thread(tid);
	int ret = log_and_note("run", tid, run(process));

	if (ret)
		return ret;

	if (process->pid != pid)
		fake_world_crime("a thread is let run in another process's name");
	if (order && order->tripwire && order->tripwire != &process->debt.tripwire)
		fake_world_crime("a thread has the tripwire of another process");
	process->threads = order ? order->threads : 0;
	process->looked = order;
	process->tripwire_used = order ? order->tripwire : NULL;
	*ret_thread = (struct restore_thread){ .tid = tid };
	return 0;
}

static int tend(struct restore_thread *thread)
{
	struct fake_process *process = fake_world_find_thread(thread->tid);
	const enum fake_failure failure = fake_world_call("tend", process);

	thread->has_ended = !process || process->gone;
	if (thread->has_ended || failure != FAKE_SUCCEEDS)
		return -ESRCH;

	process->halted = false;
	return 0;
}

int restore_thread_tend(struct restore_thread *thread)
{
	if (thread->has_ended)
		return -ESRCH;

	return log_and_note("tend", thread->tid, tend(thread));
}

static int stop(struct fake_process *process)
{
	const enum fake_failure failure = fake_world_call("stop", process);

	if (!process)
		return -ESRCH;
	process->stops++;
	if (process->gone)
		return -ESRCH;
	if (!process->thread_runs) {
		fake_world_crime("a stop of a thread that was not let run");
		return -ESRCH;
	}

	process->halted = false;
	process->thread_runs = failure == FAKE_FAILS || failure == FAKE_TIMES_OUT;
	return failure == FAKE_SUCCEEDS ? 0 : -EIO;
}

int restore_thread_stop(struct restore_thread *thread)
{
	int ret = stop(fake_world_find_thread(thread->tid));

	return thread->has_ended ? fake_world_note("stop", thread->tid, 0, -ESRCH)
				 : log_and_note("stop", thread->tid, ret);
}

void restore_thread_buffer(const struct restore_thread *thread, uint64_t *ret_address,
			   uint64_t *ret_bytes)
{
	const struct fake_process *process = fake_world_find_thread(thread->tid);
	const bool is_seen = process && process->looked;

	*ret_address = is_seen ? process->buffer_address : 0;
	*ret_bytes = is_seen ? process->buffer_bytes : 0;
}
