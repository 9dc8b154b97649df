/* SPDX-License-Identifier: GPL-2.0-only */
#include "tripwire.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "hold.h"
#include "proc.h"
#include "system_call.h"

#define STRIKE_MS \
	1000 /* from the end of the SIGSTOP's way until the thread has stopped */
#define LOOK_MS 1

/* --- for the tracer ----------------------------------------------------------------- */

/* Does a signal @signo wait, as @which of proc.h? Return: 0 with *@ret_waits; -errno. */
static int waits(pid_t tid, const char *which, int signo, bool *ret_waits)
{
	uint64_t signals;
	int ret;

	ret = proc_signals(tid, which, &signals);
	if (!ret)
		*ret_waits = signals >> (signo - 1) & 1;

	return ret;
}

/* Return: 0; -EBUSY if a SIGSTOP of ours would take another signal's place; -errno. */
static int see_room_for_sigstop(pid_t tid)
{
	bool stop, continue_thread, continue_process;
	int ret;

	ret = waits(tid, PROC_WAIT_FOR_THREAD, SIGSTOP, &stop);
	if (!ret)
		ret = waits(tid, PROC_WAIT_FOR_THREAD, SIGCONT, &continue_thread);
	if (!ret)
		ret = waits(tid, PROC_WAIT_FOR_PROCESS, SIGCONT, &continue_process);
	if (!ret && (stop || continue_thread || continue_process))
		ret = -EBUSY;

	return ret;
}

int tripwire_set(struct tripwire *tripwire, pid_t pid, pid_t tid,
		 const struct user_regs_struct *given, const struct user_regs_struct *own)
{
	int ret;

	ret = see_room_for_sigstop(tid);
	if (ret)
		return ret;

	tripwire->pid = pid;
	tripwire->tid = tid;
	tripwire->given = *given;
	tripwire->own = *own;
	/* Before the SIGSTOP: a process that nobody knows of would stay stopped. */
	atomic_store(&tripwire->is_set, true);

	if (syscall(SYS_tgkill, pid, tid, SIGSTOP) < 0) {
		ret = -errno;
		tripwire_clear(tripwire);
		return ret;
	}

	return 0;
}

bool tripwire_is_to_strike(const struct tripwire *tripwire)
{
	bool is_on_its_way;

	return waits(tripwire->tid, PROC_WAIT_FOR_THREAD, SIGSTOP, &is_on_its_way) ||
	       is_on_its_way;
}

void tripwire_clear(struct tripwire *tripwire)
{
	atomic_store(&tripwire->is_set, false);
}

/* --- for the guardian --------------------------------------------------------------- */

/*
 * Wait for the stop, if it is to come. It is not if the tracer had not yet sent the
 * SIGSTOP, or had taken it away: the thread's registers are its own then. Or if it has
 * ended.
 *
 * Return: 1 if it has stopped; 0 if it will not; -EAGAIN while that is still to be seen;
 * another -errno.
 */
static int wait_for_stop(const struct tripwire *tripwire)
{
	const int64_t end = clock_ms() + STRIKE_MS;
	bool stopped;
	int ret;

	while (!(ret = proc_is_stopped(tripwire->tid, &stopped)) && !stopped) {
		if (tripwire_is_to_strike(tripwire))
			return -EAGAIN;
		if (clock_ms() > end)
			return 0;
		clock_sleep_ms(LOOK_MS);
	}

	if (ret)
		return ret == -ESRCH ? 0 : ret;

	return 1;
}

/*
 * It may have registers of its own, with the SIGSTOP yet to be taken away: it is only to
 * be continued. To make its call again would be to make it twice.
 */
static int put_back_registers(const struct tripwire *tripwire)
{
	struct user_regs_struct now, own = tripwire->own;
	int ret;

	ret = system_call_read_registers(tripwire->tid, &now);
	if (ret || !registers_are_of_call(&now, &tripwire->given))
		return ret;

	registers_keep(&own, &now);
	return system_call_write_registers(tripwire->tid, &own);
}

static int mend_stopped(const struct tripwire *tripwire)
{
	struct hold hold = { 0 };
	int ret;

	ret = hold_thread(&hold, tripwire->tid);
	if (!ret)
		ret = put_back_registers(tripwire);
	if (!ret && kill(tripwire->pid, SIGCONT) < 0)
		ret = -errno;

	hold_release(&hold);
	return ret;
}

int tripwire_mend(struct tripwire *tripwire)
{
	int ret;

	if (!atomic_load(&tripwire->is_set))
		return 0;

	ret = wait_for_stop(tripwire);
	if (ret > 0)
		ret = mend_stopped(tripwire);
	if (!ret)
		tripwire_clear(tripwire);

	return ret;
}
