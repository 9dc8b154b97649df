/* SPDX-License-Identifier: GPL-2.0-only */
#include "staging.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "log.h"
#include "populate.h"
#include "system_call.h"

#define BUFFER_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE)

enum step {
	STEP_LOOKS,   /* it runs: for the call that asks for the buffer */
	STEP_MAPS,    /* it is in that call, its flags are ours */
	STEP_MAPPED,  /* at the exit of it: they are to be put back */
	STEP_ADVISES, /* in our call, or about to make it: its registers are ours */
	STEP_ADVISED, /* at the exit of that: they are to be put back */
	STEP_TOUCHES, /* our threads are at work, all else is as it was */
	STEP_IS_OVER,
};

struct staging {
	pid_t pid, tid;
	unsigned int threads;
	enum step step;
	bool is_cancelled;
	bool is_unseen;		 /* the stop it is in could not be understood */
	uint64_t bytes, address; /* of the buffer; 0: there is none */
	bool has_own;
	struct user_regs_struct own; /* what the driver expects */
	struct populate *populate;
};

/* --- the registers ------------------------------------------------------------------ */

static int put_back_registers(struct staging *staging)
{
	struct user_regs_struct now;
	int ret;

	ret = system_call_read_registers(staging->tid, &now);
	if (ret)
		return ret;

	registers_keep(&staging->own, &now);
	return system_call_write_registers(staging->tid, &staging->own);
}

/* At the entry of its call. Should it fail, nothing was written, as far as is known. */
static int change_flags(const struct staging *staging, uint64_t flags)
{
	struct user_regs_struct registers;
	int ret;

	ret = system_call_read_registers(staging->tid, &registers);
	if (ret)
		return ret;

	registers_set_fourth(&registers, flags);
	return system_call_write_registers(staging->tid, &registers);
}

/* Have the thread ask for huge pages. It is at the exit of its own call. */
static int begin_advice(struct staging *staging)
{
	const uint64_t arguments[] = { staging->address, staging->bytes, MADV_HUGEPAGE };
	struct user_regs_struct registers = staging->own;

	registers_call_again(&registers, SYS_madvise, arguments);
	return system_call_write_registers(staging->tid, &registers);
}

/* --- from step to step, in stops ---------------------------------------------------- */

static void begin_touching(struct staging *staging)
{
	int ret;

	staging->step = STEP_IS_OVER;
	if (staging->is_cancelled || !staging->address)
		return;

	ret = populate_start(staging->pid, staging->address, staging->bytes,
			     staging->threads, &staging->populate);
	if (ret)
		pr_warn("pid %d: its buffer is populated by the driver, slowly: %s\n",
			staging->pid, strerror(-ret));
	else
		staging->step = STEP_TOUCHES;
}

/* What its call returned is in its registers, beside the flags that were ours. */
static void leave_call(struct staging *staging)
{
	if (!staging->has_own) {
		if (system_call_read_registers(staging->tid, &staging->own))
			return;
		registers_set_fourth(&staging->own, BUFFER_FLAGS);
		staging->has_own = true;
	}

	if (!staging->is_cancelled && staging->address) {
		/* If it fails, something may have been written all the same. */
		staging->step = begin_advice(staging) ? STEP_ADVISED : STEP_ADVISES;
		return;
	}

	if (put_back_registers(staging) == 0)
		staging->step = STEP_IS_OVER;
}

static void leave_advice(struct staging *staging)
{
	if (put_back_registers(staging) == 0)
		begin_touching(staging);
}

static void finish_touching(struct staging *staging)
{
	struct populate_outcome outcome;

	populate_end(staging->populate, &outcome);
	staging->populate = NULL;
	staging->step = STEP_IS_OVER;
	if (!outcome.ret)
		pr_info("pid %d: its buffer of %llu MiB was populated by %u threads in "
			"%u ms\n",
			staging->pid, (unsigned long long)staging->bytes >> 20,
			outcome.threads, outcome.took_ms);
	else if (!staging->is_cancelled)
		pr_warn("pid %d: its buffer is populated by the driver, slowly: %s\n",
			staging->pid, strerror(-outcome.ret));
}

/* --- the stops ---------------------------------------------------------------------- */

static bool asks_for_buffer(const struct system_call *call)
{
	const uint64_t *arguments = call->arguments;

	return call->is_native && call->number == SYS_mmap && !arguments[0] &&
	       arguments[1] >= STAGING_BYTES_MIN &&
	       arguments[2] == (PROT_READ | PROT_WRITE) && arguments[3] == BUFFER_FLAGS;
}

static void see_entry(struct staging *staging, const struct system_call *call)
{
	if (staging->step != STEP_LOOKS || !asks_for_buffer(call))
		return;

	staging->bytes = call->arguments[1];
	staging->step = STEP_IS_OVER;
	if (system_call_is_made_before(staging->tid, call->return_address) &&
	    change_flags(staging, BUFFER_FLAGS & ~MAP_POPULATE) == 0)
		staging->step = STEP_MAPS;
}

static void see_exit(struct staging *staging, const struct system_call *call)
{
	if (staging->step == STEP_MAPS) {
		staging->address = call->has_failed ? 0 : (uint64_t)call->result;
		staging->step = STEP_MAPPED;
	} else if (staging->step == STEP_ADVISES) {
		staging->step = STEP_ADVISED;
	}
}

/* One that cannot be understood is the last, unless the registers are ours. */
static void see_system_call(struct staging *staging)
{
	struct system_call call;

	staging->is_unseen = false;
	if (system_call_read(staging->tid, &call) || (!call.is_entry && !call.is_exit)) {
		staging->is_unseen = staging_is_in_hand(staging);
		if (!staging->is_unseen)
			staging->step = STEP_IS_OVER;
		return;
	}

	if (call.is_entry)
		see_entry(staging, &call);
	else
		see_exit(staging, &call);
}

/* What can be done in this stop. What fails is tried again by the next call. */
static void take_step(struct staging *staging)
{
	if (staging->is_unseen)
		see_system_call(staging);
	if (staging->step == STEP_MAPPED)
		leave_call(staging);
	if (staging->step == STEP_ADVISED)
		leave_advice(staging);
	if (staging->step == STEP_TOUCHES && populate_is_done(staging->populate))
		finish_touching(staging);
}

int staging_see_stop(struct staging *staging, int status)
{
	if (!staging)
		return status;
	if (system_call_is_plain_stop(staging->tid, status))
		status = SYSTEM_CALL_STATUS;

	if (status == SYSTEM_CALL_STATUS && staging->step != STEP_IS_OVER)
		see_system_call(staging);
	else if (staging->step == STEP_ADVISES)
		staging->step = STEP_ADVISED; /* a signal was faster than our call */

	take_step(staging);
	return status;
}

/* --- for the caller ----------------------------------------------------------------- */

struct staging *staging_new(pid_t pid, pid_t tid, const struct staging_order *order)
{
	struct staging *staging =
		order && order->threads ? calloc(1, sizeof(*staging)) : NULL;

	if (staging) {
		staging->pid = pid;
		staging->tid = tid;
		staging->threads = order->threads;
	}

	return staging;
}

void staging_free(struct staging *staging)
{
	staging_cancel(staging);
	free(staging);
}

bool staging_wants_system_calls(const struct staging *staging)
{
	return staging && staging->step != STEP_IS_OVER;
}

bool staging_holds(struct staging *staging)
{
	if (!staging)
		return false;

	take_step(staging);
	return staging->is_unseen || staging->step == STEP_MAPPED ||
	       staging->step == STEP_ADVISED || staging->step == STEP_TOUCHES;
}

void staging_cancel(struct staging *staging)
{
	if (!staging)
		return;

	staging->is_cancelled = true;
	if (staging->step == STEP_LOOKS)
		staging->step = STEP_IS_OVER;
	if (staging->populate)
		finish_touching(staging);
}

bool staging_is_in_hand(const struct staging *staging)
{
	return staging && staging->step != STEP_LOOKS && staging->step != STEP_TOUCHES &&
	       staging->step != STEP_IS_OVER;
}
