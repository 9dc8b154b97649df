/* SPDX-License-Identifier: GPL-2.0-only */
#include "restore_thread.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "log.h"

/* The kernel's signal set, 64 signals; libc's sigset_t is larger. */
#define KERNEL_SIGSET_SIZE sizeof(uint64_t)
#define SIGNAL_BIT(signo)  (UINT64_C(1) << ((signo)-1))

/* One ptrace request. Return: 0, or -errno, logged as "cannot @what". */
static int request(enum __ptrace_request what, pid_t tid, uintptr_t addr, void *data,
		   const char *says)
{
	int ret;

	if (ptrace(what, tid, addr, data) == 0)
		return 0;

	ret = -errno;
	pr_perror("restore thread %d: cannot %s", tid, says);
	return ret;
}

static int set_mask(pid_t tid, uint64_t mask)
{
	return request(PTRACE_SETSIGMASK, tid, KERNEL_SIGSET_SIZE, &mask,
		       "set its signal mask");
}

int restore_thread_run(pid_t tid, struct restore_thread *ret_thread)
{
	uint64_t mask;
	int ret;

	ret = request(PTRACE_GETSIGMASK, tid, KERNEL_SIGSET_SIZE, &mask,
		      "read its signal mask");
	if (ret)
		return ret;

	ret = set_mask(tid, ~SIGNAL_BIT(SIGTRAP));
	if (ret)
		return ret;

	ret = request(PTRACE_CONT, tid, 0, NULL, "let it run");
	if (ret) {
		(void)set_mask(tid, mask);
		return ret;
	}

	*ret_thread = (struct restore_thread){ .tid = tid, .signal_mask = mask };
	return 0;
}

/* Wait for the next stop of @tid. */
static int wait_for_stop(pid_t tid, int *ret_status)
{
	pid_t got;

	do {
		got = waitpid(tid, ret_status, __WALL);
	} while (got < 0 && errno == EINTR);

	if (got < 0) {
		pr_perror("restore thread %d: cannot wait for its stop", tid);
		return -ECHILD;
	}
	if (!WIFSTOPPED(*ret_status)) {
		pr_err("restore thread %d: it ended while the driver was at work\n", tid);
		return -ESRCH;
	}

	return 0;
}

/*
 * A seized thread that was interrupted stops with PTRACE_EVENT_STOP, in the high
 * byte; so does one that a SIGCONT or a group stop halts.
 */
static bool is_event_stop(int status)
{
	return status >> 16 == PTRACE_EVENT_STOP;
}

/* The signal that is held up by a stop, 0 if the stop has another cause. */
static int held_signal(int status)
{
	return status >> 16 || WSTOPSIG(status) & 0x80 ? 0 : WSTOPSIG(status);
}

static int interrupt(pid_t tid)
{
	return request(PTRACE_INTERRUPT, tid, 0, NULL, "stop it again");
}

static int pass_on(pid_t tid, int signo)
{
	return request(PTRACE_CONT, tid, 0, (void *)(long)signo, "pass a signal on");
}

/*
 * The first stop need not be the one that was asked for: a signal may have halted
 * the thread before, and the interrupt would then strike when CRIU lets it go on.
 * An interrupt of a stopped thread halts it again at once and is used up by that,
 * so it is let go from the first stop under a second one.
 *
 * The mask goes back before a signal is passed on: the frame of its handler keeps
 * the mask it finds, and one that the thread itself has blocked goes on waiting.
 */
int restore_thread_stop(const struct restore_thread *thread)
{
	pid_t tid = thread->tid;
	int status, ret;

	ret = interrupt(tid);
	if (!ret)
		ret = wait_for_stop(tid, &status);
	if (!ret)
		ret = set_mask(tid, thread->signal_mask);
	if (ret)
		return ret;

	do {
		ret = interrupt(tid);
		if (!ret)
			ret = pass_on(tid, held_signal(status));
		if (!ret)
			ret = wait_for_stop(tid, &status);
	} while (!ret && !is_event_stop(status));

	return ret;
}
