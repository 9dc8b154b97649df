/* SPDX-License-Identifier: GPL-2.0-only */
#include "borrowed_call.h"

#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int borrowed_call_begin(struct borrowed_call *call, const struct system_call *own,
			uint64_t number, const uint64_t arguments[6])
{
	struct user_regs_struct given, again;
	int ret;

	if (!call->tripwire || call->step != BORROWED_NOT ||
	    atomic_load(&call->tripwire->is_set))
		return -EBUSY;
	if (!own->is_native ||
	    !system_call_is_made_before(call->tid, own->return_address))
		return -ENOTRECOVERABLE;

	ret = system_call_read_registers(call->tid, &call->own);
	if (ret)
		return ret;

	call->number = own->number;
	given = again = call->own;
	registers_make_call(&given, number, arguments);
	registers_call_again(&again, call->number);
	ret = tripwire_set(call->tripwire, call->pid, call->tid, &given, &again);
	if (ret)
		return ret;

	ret = system_call_replace(call->tid, &given, number);
	/* If it fails a part of it may have been written. */
	if (ret)
		(void)!system_call_write_registers(call->tid, &call->own);
	call->step = ret ? BORROWED_ENDED : BORROWED_MADE;
	return ret;
}

void borrowed_call_has_returned(struct borrowed_call *call)
{
	if (call->step == BORROWED_MADE)
		call->step = BORROWED_RETURNED;
}

static int write_own(struct borrowed_call *call, const struct user_regs_struct *own)
{
	const int ret = system_call_write_registers(call->tid, own);

	if (!ret)
		call->step = BORROWED_ENDED;

	return ret;
}

int borrowed_call_make_own(struct borrowed_call *call)
{
	struct user_regs_struct own = call->own;

	registers_call_again(&own, call->number);
	return write_own(call, &own);
}

int borrowed_call_answer_own(struct borrowed_call *call, int64_t result)
{
	struct user_regs_struct own = call->own;

	registers_return(&own, result);
	return write_own(call, &own);
}

static void forget(struct borrowed_call *call)
{
	tripwire_clear(call->tripwire);
	call->step = BORROWED_NOT;
}

/*
 * The first SIGSTOP is ours: those to one thread come before those to the process. A
 * SIGCONT stops the thread, too, and may have taken ours with it.
 */
bool borrowed_call_is_its_stop(struct borrowed_call *call, int status)
{
	if (call->step != BORROWED_ENDED)
		return false;

	if (status >> 8 == SIGSTOP)
		call->step = BORROWED_STOPPED;
	else if (status >> 16 == PTRACE_EVENT_STOP &&
		 !tripwire_is_to_strike(call->tripwire))
		forget(call);

	return call->step == BORROWED_STOPPED;
}

void borrowed_call_sees_entry(struct borrowed_call *call)
{
	if (call->step == BORROWED_ENDED)
		forget(call);
}

void borrowed_call_went_on(struct borrowed_call *call)
{
	if (call->step == BORROWED_STOPPED)
		forget(call);
}

bool borrowed_call_is_in_hand(const struct borrowed_call *call)
{
	return call->step == BORROWED_MADE || call->step == BORROWED_RETURNED ||
	       call->step == BORROWED_ENDED;
}
