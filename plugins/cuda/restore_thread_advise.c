/* SPDX-License-Identifier: GPL-2.0-only */
#include "restore_thread.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "log.h"

#define CALL_MS 2000 /* until the thread makes a call of its own */
#define LOOK_MS 1

/* Once it has begun it takes as long as the kernel needs. */
static int tend_until_advised(struct restore_thread *thread)
{
	const int64_t end = clock_ms() + CALL_MS;
	int ret;

	while ((ret = staging_advice_outcome(thread->staging)) == -EINPROGRESS) {
		if (clock_ms() > end && !staging_is_in_hand(thread->staging))
			return -ETIME;
		/* What else fails is tried again. */
		if (restore_thread_tend(thread) && thread->has_ended)
			return -ESRCH;
		clock_sleep_ms(LOOK_MS);
	}

	return ret;
}

static void log_failure(pid_t tid, int ret)
{
	if (ret == -ETIME)
		pr_err("restore thread %d: it makes no system call in whose place it "
		       "could give advice about its memory\n",
		       tid);
	else if (ret && ret != -ESRCH)
		pr_err("restore thread %d: cannot have it give advice about its memory: "
		       "%s\n",
		       tid, strerror(-ret));
}

int restore_thread_advise(pid_t pid, pid_t tid, struct tripwire *tripwire,
			  uint64_t address, uint64_t bytes, int advice)
{
	const struct staging_advice wished = { address, bytes, advice };
	const struct staging_order order = { .tripwire = tripwire, .advice = &wished };
	struct restore_thread thread;
	int ret, stopped;

	ret = restore_thread_run(pid, tid, &order, &thread);
	if (ret)
		return ret;

	ret = tend_until_advised(&thread);
	log_failure(tid, ret);
	stopped = restore_thread_stop(&thread);
	if (stopped && stopped != -ESRCH)
		return -ENOTRECOVERABLE;

	return ret ? ret : stopped;
}
