/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tripwire: should the tracer of a thread die while the thread has registers that are
 * not its own, it stops, until they have been put back.
 *
 * The kernel lets go of a thread whose tracer dies, with whatever registers it has. But a
 * SIGSTOP that waits for it stops it before its next instruction, and the whole process
 * with it. So who gives a thread another system call than it makes (borrowed_call.h)
 * sends it a SIGSTOP before, and notes both, in memory that the guardian shares. As long
 * as the tracer lives, that SIGSTOP comes to nothing: when it is about to be delivered
 * the tracer takes it away.
 *
 *	tripwire_set(tripwire, pid, tid, &given, &own)	at the entry of the system call
 *	... it has its own registers again, and the SIGSTOP has been taken away ...
 *	tripwire_clear(tripwire)
 *
 * What defeats it is a SIGCONT that somebody sends in just that moment: it takes the
 * SIGSTOP with it. And a SIGSTOP that somebody sends in that moment to that one thread,
 * not to the process, is one with ours.
 *
 * Does not log.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/user.h>

#include "cleanup.h"

/* All zero: it is not set. In a debt of the ledger, or wherever it outlives the tracer.
 */
struct tripwire {
	atomic_bool is_set;
	pid_t pid, tid;
	struct user_regs_struct given; /* at the entry of our call */
	struct user_regs_struct own;   /* with which it makes its own call again */
};

/* --- for the tracer ----------------------------------------------------------------- */

/*
 * Set it for the thread @tid of @pid, at the entry of its own system call, and before
 * that is changed.
 *
 * Return: 0, and the thread will stop for SIGSTOP when it is about to return from the
 * call; -EBUSY if a SIGCONT waits for it, which a SIGSTOP would take away, or another
 * SIGSTOP; another -errno. On failure nothing has happened.
 */
int tripwire_set(struct tripwire *tripwire, pid_t pid, pid_t tid,
		 const struct user_regs_struct *given,
		 const struct user_regs_struct *own) must_check;

/* Is its SIGSTOP still on the way? True also if that cannot be seen. */
bool tripwire_is_to_strike(const struct tripwire *tripwire);

/* The registers are the thread's own, and the SIGSTOP is no more. */
void tripwire_clear(struct tripwire *tripwire);

/* --- for the guardian, when the tracer is no more ------------------------------------
 */

/*
 * If it is set: give the thread back its registers, unless it has them, and continue the
 * process. Its other threads should be held before (hold.h). The thread is then let go.
 *
 * Return: 0, and it is not set; -EAGAIN while the thread is still in our call; another
 * -errno of hold_thread(), or of a write of registers. It can be tried again.
 */
int tripwire_mend(struct tripwire *tripwire) must_check;
