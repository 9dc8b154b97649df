/* SPDX-License-Identifier: GPL-2.0-only */
#include "restore_thread.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "clock.h"
#include "log.h"
#include "proc.h"

#define STOP_MS 10000 /* that it may take to stop */
#define LOOK_MS 1

/* The kernel's signal set, 64 signals; libc's sigset_t is larger. */
#define KERNEL_SIGSET_SIZE sizeof(uint64_t)
#define ALL_BUT_SIGTRAP	   (~(UINT64_C(1) << (SIGTRAP - 1)))

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

/* How it goes on. */
static enum __ptrace_request how_to_go_on(const struct restore_thread *thread)
{
	return staging_wants_system_calls(thread->staging) ? PTRACE_SYSCALL : PTRACE_CONT;
}

static int let_run(struct restore_thread *thread)
{
	pid_t tid = thread->tid;
	int ret;

	ret = request(PTRACE_GETSIGMASK, tid, KERNEL_SIGSET_SIZE, &thread->signal_mask,
		      "read its signal mask");
	if (ret)
		return ret;

	ret = set_mask(tid, ALL_BUT_SIGTRAP);
	if (ret)
		return ret;

	ret = request(how_to_go_on(thread), tid, 0, NULL, "let it run");
	if (ret)
		(void)set_mask(tid, thread->signal_mask);

	return ret;
}

int restore_thread_run(pid_t pid, pid_t tid, const struct staging_order *order,
		       struct restore_thread *ret_thread)
{
	struct restore_thread thread = { .tid = tid };
	int ret;

	ret = sigchld_hold(&thread.sigchld);
	if (ret) {
		pr_err("restore thread %d: cannot hold SIGCHLD: %s\n", tid,
		       strerror(-ret));
		return ret;
	}

	thread.staging = staging_new(pid, tid, order);
	ret = let_run(&thread);
	if (ret) {
		staging_free(thread.staging);
		sigchld_put_back(&thread.sigchld);
		return ret;
	}

	*ret_thread = thread;
	return 0;
}

/*
 * See whether @tid has stopped; wait for it, unless @flags are WNOHANG.
 *
 * Return: 1 with the status of the stop; 0 if there is none; -ESRCH, logged, if the
 * thread has ended. Nobody to wait for means the same: somebody has reaped it.
 */
static int see_stop(pid_t tid, int flags, int *ret_status)
{
	int status;
	pid_t got;

	do {
		got = waitpid(tid, &status, flags | __WALL);
	} while (got < 0 && errno == EINTR);

	if (got == 0)
		return 0;
	if (got < 0 || !WIFSTOPPED(status)) {
		pr_err("restore thread %d: it ended while the driver was at work\n", tid);
		return -ESRCH;
	}

	*ret_status = status;
	return 1;
}

/*
 * A thread in the middle of a system call that nothing interrupts cannot be stopped
 * before its end: it is not waited for longer than STOP_MS. It stops when the call ends,
 * or is let go when the tracer does.
 */
static int wait_for_stop(const struct restore_thread *thread, int *ret_status)
{
	const int64_t end = clock_ms() + STOP_MS;
	int ret, status;

	while ((ret = see_stop(thread->tid, WNOHANG, &status)) == 0) {
		if (clock_ms() > end) {
			pr_err("restore thread %d: it does not stop: it is in the middle "
			       "of a system call of the driver's\n",
			       thread->tid);
			return -ETIME;
		}
		clock_sleep_ms(LOOK_MS);
	}
	if (ret < 0)
		return ret;

	*ret_status = staging_see_stop(thread->staging, status);
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

/*
 * Let it go on from the halt it is in. A SIGSTOP that is passed on begins the stop of
 * the process, which ends for this thread with the next PTRACE_CONT, and not for the
 * others. A SIGTRAP is kept for later: its handler would run in the middle of the
 * operation, with all other threads stopped. It is not blocked, since the kernel kills
 * a thread that runs into a trap with that signal blocked.
 */
static int let_go_on(struct restore_thread *thread)
{
	long signo = held_signal(thread->halt);

	if (signo == SIGTRAP) {
		thread->owes_trap = true;
		signo = 0;
	}

	/* It may be killed at any time: the next look tells. */
	if (ptrace(how_to_go_on(thread), thread->tid, 0, (void *)signo) == 0) {
		staging_went_on(thread->staging);
	} else if (errno != ESRCH) {
		pr_perror("restore thread %d: cannot let it go on", thread->tid);
		return -ESRCH;
	}

	thread->halt = 0;
	return 0;
}

/* Return: 1 if it has halted; 0 if it goes on, or is held; -ESRCH. */
static int see_halt(struct restore_thread *thread)
{
	int status, ret;

	ret = see_stop(thread->tid, WNOHANG, &status);
	thread->has_ended = ret < 0;
	if (ret <= 0)
		return ret;

	thread->halt = staging_see_stop(thread->staging, status);
	return !staging_holds(thread->staging);
}

int restore_thread_tend(struct restore_thread *thread)
{
	if (thread->has_ended)
		return -ESRCH;

	/* One that is held can be killed, too. */
	if (!thread->halt || staging_holds(thread->staging)) {
		const int ret = see_halt(thread);

		if (ret <= 0)
			return ret;
	}

	return let_go_on(thread);
}

static int interrupt(pid_t tid)
{
	return request(PTRACE_INTERRUPT, tid, 0, NULL, "stop it again");
}

static int pass_on(const struct restore_thread *thread)
{
	const int signo = held_signal(thread->halt);
	int ret;

	ret = request(PTRACE_CONT, thread->tid, 0, (void *)(long)signo,
		      "pass a signal on");
	if (!ret)
		staging_went_on(thread->staging);

	return ret;
}

/* It is in a halt, in the middle of what staging does with it. */
static int hurry_on(struct restore_thread *thread)
{
	int ret;

	if (staging_holds(thread->staging)) {
		clock_sleep_ms(LOOK_MS);
		ret = see_halt(thread);
		return ret < 0 ? ret : 0;
	}

	return staging_is_in_hand(thread->staging) ? let_go_on(thread) : 0;
}

/* Until its registers are its own again; its calls are short ones. */
static int end_staging(struct restore_thread *thread)
{
	const int64_t end = clock_ms() + STOP_MS;
	int ret = 0;

	staging_cancel(thread->staging);
	while (!ret && staging_is_in_hand(thread->staging)) {
		if (clock_ms() > end) {
			pr_err("restore thread %d: cannot give it back its registers\n",
			       thread->tid);
			return -ETIME;
		}
		ret = thread->halt ? hurry_on(thread)
				   : wait_for_stop(thread, &thread->halt);
	}

	return ret;
}

/*
 * The first stop need not be the one that was asked for: a signal may have halted
 * the thread before, and the interrupt would then strike when CRIU lets it go on.
 * An interrupt of a stopped thread halts it again at once and is used up by that,
 * so it is let go from the first stop under a second one.
 *
 * The mask goes back before a signal is passed on: one that the thread itself has
 * blocked goes on waiting.
 */
static int stop(struct restore_thread *thread)
{
	pid_t tid = thread->tid;
	int ret;

	ret = end_staging(thread);
	if (!ret)
		ret = interrupt(tid);
	if (!ret && !thread->halt)
		ret = wait_for_stop(thread, &thread->halt);
	if (!ret)
		ret = set_mask(tid, thread->signal_mask);
	if (ret)
		return ret;

	do {
		ret = interrupt(tid);
		if (!ret)
			ret = pass_on(thread);
		if (!ret)
			ret = wait_for_stop(thread, &thread->halt);
	} while (!ret && !is_event_stop(thread->halt));

	/* Sent to the process, as it was; it waits there until CRIU lets it go on. */
	if (!ret && thread->owes_trap)
		(void)kill(tid, SIGTRAP);

	return ret;
}

int restore_thread_stop(struct restore_thread *thread)
{
	int ret = thread->has_ended ? -ESRCH : stop(thread);

	restore_thread_buffer(thread, &thread->buffer_address, &thread->buffer_bytes);
	staging_free(thread->staging);
	thread->staging = NULL;
	sigchld_put_back(&thread->sigchld);
	return ret;
}

void restore_thread_buffer(const struct restore_thread *thread, uint64_t *ret_address,
			   uint64_t *ret_bytes)
{
	if (thread->staging) {
		staging_find_buffer(thread->staging, ret_address, ret_bytes);
	} else {
		*ret_address = thread->buffer_address;
		*ret_bytes = thread->buffer_bytes;
	}
}

bool restore_thread_is_abandoned(pid_t tid)
{
	/* These two the kernel does not let anybody block. */
	const uint64_t never = UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1)
								      << (SIGSTOP - 1);
	uint64_t mask;

	return proc_signals(tid, PROC_BLOCKED, &mask) == 0 &&
	       mask == (ALL_BUT_SIGTRAP & ~never);
}

int restore_thread_put_back(pid_t tid, uint64_t mask)
{
	return set_mask(tid, mask);
}
