/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A system call of ours, in place of one that a thread is about to make.
 *
 * Only at the entry of a call of its own is a thread given other registers, and at the
 * exit it gets its own again: with those it makes its call now, or has made it, as is
 * wished. It cannot tell. Should the tracer die in between, the tripwire stops it, and
 * the guardian has it make its call (tripwire.h).
 *
 *	ret = borrowed_call_begin(&call, &own, SYS_madvise, arguments)  at an entry
 *	... the thread goes on, by PTRACE_SYSCALL ...
 *	borrowed_call_has_returned(&call)                               at the next exit
 *	ret = borrowed_call_make_own(&call)                             there, or
 *	ret = borrowed_call_answer_own(&call, result)
 *	... it goes on, by PTRACE_SYSCALL ...
 *	borrowed_call_is_its_stop(&call, status)  at each stop that is not at a call
 *	borrowed_call_sees_entry(&call)           at each entry
 *	borrowed_call_went_on(&call)              after each stop
 *
 * Then it may begin anew. The thread is stopped, with PTRACE_O_TRACESYSGOOD, and only who
 * traces it may call these. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "system_call.h"
#include "tripwire.h"

enum borrowed_step {
	BORROWED_NOT,
	BORROWED_MADE,	   /* our call is under way; its registers are ours */
	BORROWED_RETURNED, /* it is at the exit of it; they are ours */
	BORROWED_ENDED,	   /* they are its own; the SIGSTOP is to come */
	BORROWED_STOPPED,  /* by that, until it is let go on */
};

/* To begin with, all zero but for the first three. */
struct borrowed_call {
	pid_t pid, tid;
	struct tripwire *tripwire; /* borrowed; NULL: nothing can be begun */
	enum borrowed_step step;
	uint64_t number;	     /* of its own call */
	struct user_regs_struct own; /* at the entry of that */
};

/*
 * At the entry of @own, make it the call @number. Its memory can be read and written if
 * this succeeds, too.
 *
 * Return: 0; -ENOTRECOVERABLE if its own registers could not be given back by a restart
 * of the instruction; -EBUSY if one is under way, or was when a tracer gave up; another
 * -errno. On failure it makes its own call; if it is in hand all the same, it is to go on
 * as after borrowed_call_make_own().
 */
int borrowed_call_begin(struct borrowed_call *call, const struct system_call *own,
			uint64_t number, const uint64_t arguments[6]) must_check;

/* It is at the exit of our call. */
void borrowed_call_has_returned(struct borrowed_call *call);

/*
 * At the exit of our call: the thread makes its own one now, and stops at its entry; or
 * it has made it, and @result is what came of it.
 *
 * Return: 0; -errno, and it is to be tried again.
 */
int borrowed_call_make_own(struct borrowed_call *call) must_check;
int borrowed_call_answer_own(struct borrowed_call *call, int64_t result) must_check;

/*
 * It has stopped with the wait @status, and not at a system call. Return: is that the
 * stop of the tripwire, in which no signal is to be passed on?
 */
bool borrowed_call_is_its_stop(struct borrowed_call *call, int status);

/* It is at the entry of a system call: the SIGSTOP, if it was to come, has got lost. */
void borrowed_call_sees_entry(struct borrowed_call *call);

/* It has been let go on, without the signal of the stop of the tripwire. */
void borrowed_call_went_on(struct borrowed_call *call);

/* Must the thread go on, by PTRACE_SYSCALL, before it can be left? */
bool borrowed_call_is_in_hand(const struct borrowed_call *call);
