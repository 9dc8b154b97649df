/* SPDX-License-Identifier: GPL-2.0-only */
#include "headway.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "cuda_process.h"
#include "log.h"
#include "proc.h"
#include "progress.h"

#define DETAIL_SIZE 128

/* Of a process whose memory is in an image it is the image that tells. */
static uint64_t bytes_of(const struct cuda_process *process)
{
	if (process->buffer.bytes)
		return process->buffer.bytes;

	return process->bytes == MEMORY_UNKNOWN ? 0 : process->bytes;
}

static uint64_t resident_of(pid_t pid)
{
	uint64_t bytes;

	return proc_resident(pid, &bytes) ? 0 : bytes;
}

void headway_begin(struct headway *headway, const struct cuda_process *process,
		   enum cuda_action action)
{
	*headway = (struct headway){
		.pid = process->pid,
		.action = action,
		.bytes = bytes_of(process),
	};
	if (action == CUDA_CHECKPOINT)
		headway->resident = resident_of(process->pid);
}

/* What has been populated since the beginning. Return: is that known? */
static bool see_populated(const struct headway *headway, uint64_t *ret_bytes)
{
	const uint64_t now = headway->resident ? resident_of(headway->pid) : 0;

	*ret_bytes = now > headway->resident ? now - headway->resident : 0;
	return now != 0;
}

static void describe_populated(const struct headway *headway, uint64_t bytes,
			       uint64_t took_ms, char detail[DETAIL_SIZE])
{
	const uint64_t mib = bytes >> 20, all_mib = headway->bytes >> 20;
	const uint64_t speed = mib * 1000 / took_ms;

	if (!all_mib)
		snprintf(detail, DETAIL_SIZE,
			 ": %" PRIu64 " MiB of host memory populated, %" PRIu64 " MiB/s",
			 mib, speed);
	else if (mib < all_mib)
		snprintf(detail, DETAIL_SIZE,
			 ": host memory for %" PRIu64 " %% of %" PRIu64
			 " MiB of GPU memory populated, %" PRIu64 " MiB/s",
			 mib * 100 / all_mib, all_mib, speed);
	else
		snprintf(detail, DETAIL_SIZE,
			 ": host memory for all %" PRIu64 " MiB of GPU memory populated",
			 all_mib);
}

static void describe(const struct headway *headway, uint64_t took_ms,
		     char detail[DETAIL_SIZE])
{
	uint64_t populated;

	detail[0] = '\0';
	if (see_populated(headway, &populated))
		describe_populated(headway, populated, took_ms, detail);
	else if (headway->bytes && headway->action != CUDA_UNLOCK)
		snprintf(detail, DETAIL_SIZE, ", %" PRIu64 " MiB of GPU memory",
			 headway->bytes >> 20);
}

void headway_look(struct headway *headway, int64_t began_ms)
{
	const int64_t now_ms = clock_ms();
	const uint64_t took_ms = (uint64_t)(now_ms - began_ms);
	char detail[DETAIL_SIZE];

	if (!headway->next_ms)
		headway->next_ms = began_ms + PROGRESS_INTERVAL_MS;
	if (headway->action == CUDA_NO_ACTION || now_ms < headway->next_ms)
		return;

	describe(headway, took_ms, detail);
	pr_info("pid %d: the driver is at its %s for %" PRIu64 " s%s\n", headway->pid,
		cuda_action_name(headway->action), took_ms / 1000, detail);
	headway->next_ms = now_ms + PROGRESS_INTERVAL_MS;
}
