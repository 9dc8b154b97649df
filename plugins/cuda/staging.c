/* SPDX-License-Identifier: GPL-2.0-only */
#include "staging.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "borrowed_call.h"
#include "log.h"
#include "populate.h"
#include "system_call.h"

#define BUFFER_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE)

enum step {
	STEP_LOOKS,   /* it runs: for the call that asks for the buffer, or any */
	STEP_ASKS,    /* it is in that call, as it made it */
	STEP_MAPS,    /* in place of it: in ours, which does not populate */
	STEP_ADVISES, /* in place of it, made again: in ours, which asks for huge pages */
	STEP_TOUCHES, /* at the exit of that: our threads are at work */
	STEP_OBEYS,   /* it gives the advice that was ordered */
	STEP_IS_OVER,
};

struct staging {
	pid_t pid;
	unsigned int threads;
	struct staging_advice advice;
	bool is_for_advice;
	int advised; /* what came of it */
	enum step step;
	bool is_cancelled;
	bool is_unseen;		 /* the stop it is in could not be understood */
	uint64_t bytes, address; /* of the buffer; address 0: it has none yet */
	uint64_t mapped;	 /* by our call in place of its; 0: not */
	struct borrowed_call call;
	struct populate *populate;
};

/* --- populating --------------------------------------------------------------------- */

static void begin_touching(struct staging *staging)
{
	int ret;

	staging->address = staging->mapped;
	staging->step = STEP_IS_OVER;
	if (staging->is_cancelled)
		return;

	ret = populate_start(staging->pid, staging->address, staging->bytes,
			     staging->threads, &staging->populate);
	if (ret)
		pr_warn("pid %d: its buffer is populated by the driver, slowly: %s\n",
			staging->pid, strerror(-ret));
	else
		staging->step = STEP_TOUCHES;
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

/* --- at the entry of a call of its own ---------------------------------------------- */

static bool asks_for_buffer(const struct system_call *call)
{
	const uint64_t *arguments = call->arguments;

	return call->is_native && call->number == SYS_mmap && !arguments[0] &&
	       arguments[1] >= STAGING_BYTES_MIN &&
	       arguments[2] == (PROT_READ | PROT_WRITE) && arguments[3] == BUFFER_FLAGS;
}

static int begin_advice(struct staging *staging, const struct system_call *call,
			uint64_t address, uint64_t bytes, int advice)
{
	uint64_t arguments[6] = { address, bytes, (uint64_t)advice };

	memcpy(&arguments[3], &call->arguments[3], 3 * sizeof(arguments[0]));
	/* With no flags an mmap() of its own that had our arguments would fail. */
	if (call->number == SYS_mmap)
		arguments[3] = 0;
	return borrowed_call_begin(&staging->call, call, SYS_madvise, arguments);
}

static int begin_mapping(struct staging *staging, const struct system_call *call)
{
	uint64_t arguments[6];

	memcpy(arguments, call->arguments, sizeof(arguments));
	arguments[3] = BUFFER_FLAGS & ~MAP_POPULATE;
	return borrowed_call_begin(&staging->call, call, SYS_mmap, arguments);
}

/* What cannot be begun is left to the driver. */
static void see_request(struct staging *staging, const struct system_call *call)
{
	const bool is_again = staging->mapped && staging->bytes == call->arguments[1];
	int ret = -ECANCELED;

	staging->bytes = call->arguments[1];
	if (staging->threads && is_again)
		ret = begin_advice(staging, call, staging->mapped, staging->bytes,
				   MADV_HUGEPAGE);
	else if (staging->threads)
		ret = begin_mapping(staging, call);

	if (ret)
		staging->step = STEP_ASKS;
	else
		staging->step = is_again ? STEP_ADVISES : STEP_MAPS;
}

static void obey(struct staging *staging, const struct system_call *call)
{
	const struct staging_advice *advice = &staging->advice;
	const int ret = begin_advice(staging, call, advice->address, advice->bytes,
				     advice->advice);

	staging->advised = ret ? ret : -EINPROGRESS;
	staging->step = ret ? STEP_IS_OVER : STEP_OBEYS;
}

static void see_entry(struct staging *staging, const struct system_call *call)
{
	borrowed_call_sees_entry(&staging->call);
	if (staging->step != STEP_LOOKS)
		return;

	if (staging->is_for_advice)
		obey(staging, call);
	else if (asks_for_buffer(call))
		see_request(staging, call);
}

/* --- at the exit -------------------------------------------------------------------- */

static void see_exit(struct staging *staging, const struct system_call *call)
{
	const uint64_t result = call->has_failed ? 0 : (uint64_t)call->result;

	borrowed_call_has_returned(&staging->call);
	if (staging->step == STEP_ASKS) {
		staging->address = result;
		staging->step = STEP_IS_OVER;
	} else if (staging->step == STEP_MAPS) {
		staging->mapped = result;
	} else if (staging->step == STEP_OBEYS) {
		staging->advised = call->has_failed ? (int)call->result : 0;
	}
}

/* Cancelled, it has its memory all the same, and populates it by itself. */
static void end_mapping(struct staging *staging)
{
	if (staging->mapped && staging->is_cancelled) {
		if (borrowed_call_answer_own(&staging->call, (int64_t)staging->mapped))
			return;
		begin_touching(staging);
	} else if (borrowed_call_make_own(&staging->call) == 0) {
		staging->threads = staging->mapped ? staging->threads : 0;
		staging->step = STEP_LOOKS;
	}
}

/* What fails is tried again by the next call. */
static void end_call(struct staging *staging)
{
	if (staging->step == STEP_MAPS) {
		end_mapping(staging);
	} else if (staging->step == STEP_ADVISES) {
		if (borrowed_call_answer_own(&staging->call, (int64_t)staging->mapped) ==
		    0)
			begin_touching(staging);
	} else if (borrowed_call_make_own(&staging->call) == 0) {
		staging->step = STEP_IS_OVER;
	}
}

/* --- the stops ---------------------------------------------------------------------- */

/* One that cannot be understood is the last, unless the registers are ours. */
static void see_system_call(struct staging *staging)
{
	struct system_call call;

	staging->is_unseen = false;
	if (system_call_read(staging->call.tid, &call) ||
	    (!call.is_entry && !call.is_exit)) {
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
	if (staging->call.step == BORROWED_RETURNED)
		end_call(staging);
	if (staging->step == STEP_TOUCHES && populate_is_done(staging->populate))
		finish_touching(staging);
}

int staging_see_stop(struct staging *staging, int status)
{
	if (!staging)
		return status;
	if (system_call_is_plain_stop(staging->call.tid, status))
		status = SYSTEM_CALL_STATUS;

	if (status != SYSTEM_CALL_STATUS) {
		if (borrowed_call_is_its_stop(&staging->call, status))
			status = SYSTEM_CALL_STATUS;
	} else if (staging_wants_system_calls(staging)) {
		see_system_call(staging);
	}

	take_step(staging);
	return status;
}

/* --- for the caller ----------------------------------------------------------------- */

struct staging *staging_new(pid_t pid, pid_t tid, const struct staging_order *order)
{
	struct staging *staging = order ? calloc(1, sizeof(*staging)) : NULL;

	if (!staging)
		return NULL;

	staging->pid = pid;
	staging->threads = order->tripwire ? order->threads : 0;
	staging->is_for_advice = order->advice;
	if (order->advice)
		staging->advice = *order->advice;
	staging->advised = -EINPROGRESS;
	staging->call = (struct borrowed_call){
		.pid = pid,
		.tid = tid,
		.tripwire = order->tripwire,
	};
	return staging;
}

void staging_free(struct staging *staging)
{
	staging_cancel(staging);
	free(staging);
}

bool staging_wants_system_calls(const struct staging *staging)
{
	return staging && (staging->step != STEP_IS_OVER || staging_is_in_hand(staging));
}

bool staging_holds(struct staging *staging)
{
	if (!staging)
		return false;

	take_step(staging);
	return staging->is_unseen || staging->call.step == BORROWED_RETURNED ||
	       staging->step == STEP_TOUCHES;
}

void staging_went_on(struct staging *staging)
{
	if (staging)
		borrowed_call_went_on(&staging->call);
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
	return staging && borrowed_call_is_in_hand(&staging->call);
}

void staging_find_buffer(const struct staging *staging, uint64_t *ret_address,
			 uint64_t *ret_bytes)
{
	const bool is_there = staging && staging->address;

	*ret_address = is_there ? staging->address : 0;
	*ret_bytes = is_there ? staging->bytes : 0;
}

int staging_advice_outcome(const struct staging *staging)
{
	if (!staging)
		return -ENOMEM;

	/* The kernel does not say what it has stopped at. */
	if (staging->advised == -EINPROGRESS && staging->step == STEP_IS_OVER)
		return -EIO;

	return staging->advised;
}
