/* SPDX-License-Identifier: GPL-2.0-only */
#include "membership.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "clock.h"

static struct membership *find(struct memberships *memberships, const char *name)
{
	for (size_t i = 0; i < memberships->count; i++)
		if (strcmp(memberships->list[i].name, name) == 0)
			return &memberships->list[i];
	return NULL;
}

static CUresult join(struct membership *membership, struct gpu_link *link)
{
	struct gpu_request request = { .rank = membership->rank,
				       .ranks = membership->ranks,
				       .step = membership->launched };

	memcpy(request.name, membership->name, GPU_NAME_MAX);
	return gpu_link_join(link, &request, &membership->handle, &membership->board);
}

/* Counted when it is complete: others may be waiting for all. */
static CUresult find_or_join(struct memberships *memberships, struct gpu_link *link,
			     int device, const struct gpu_request *what,
			     struct membership **ret_membership)
{
	struct membership *membership = find(memberships, what->name);
	CUresult ret;

	if (membership &&
	    (membership->rank != what->rank || membership->ranks != what->ranks))
		return CUDA_ERROR_INVALID_VALUE;
	if (!membership && memberships->count == GPU_COLLECTIVES_MAX)
		return CUDA_ERROR_OUT_OF_MEMORY;
	if (!membership) {
		membership = &memberships->list[memberships->count];
		memcpy(membership->name, what->name, GPU_NAME_MAX);
		membership->rank = what->rank;
		membership->ranks = what->ranks;
		membership->device = device;
		ret = join(membership, link);
		if (ret)
			return ret;
		memberships->count++;
	}
	*ret_membership = membership;
	return CUDA_SUCCESS;
}

static CUresult launch(struct membership *membership, struct gpu_link *link, uint32_t us)
{
	struct gpu_request request = { .handle = membership->handle,
				       .rank = membership->rank,
				       .step = membership->launched + 1,
				       .us = us };
	CUresult ret = gpu_link_launch(link, &request);

	if (!ret)
		membership->launched++;
	return ret;
}

CUresult memberships_launch(struct memberships *memberships, struct gpu_link *link,
			    int device, const struct gpu_request *what,
			    const struct membership **ret_membership)
{
	struct membership *membership;
	CUresult ret = find_or_join(memberships, link, device, what, &membership);

	if (!ret)
		ret = launch(membership, link, what->us);
	if (ret)
		return ret;
	*ret_membership = membership;
	return CUDA_SUCCESS;
}

static void wait_while(const struct gpu_board *board, uint32_t completed, uint32_t step,
		       uint64_t deadline)
{
	const uint64_t second = 1000 * CLOCK_NS_PER_MS;
	struct timespec until = { (time_t)(deadline / second),
				  (long)(deadline % second) };

	syscall(SYS_futex, &board->completed, FUTEX_WAIT_BITSET, completed,
		deadline == CLOCK_NEVER ? NULL : &until, NULL, 1U << step % 32);
}

/* Steps are compared by their distance, for they may wrap. */
bool membership_wait(const struct membership *membership, uint32_t step,
		     uint64_t deadline)
{
	for (;;) {
		uint32_t completed = membership->board->completed;

		if ((int32_t)(completed - step) >= 0)
			return true;
		if (clock_now() >= deadline)
			return false;
		wait_while(membership->board, completed, step, deadline);
	}
}

bool memberships_wait(const struct memberships *memberships, int device,
		      uint64_t deadline)
{
	for (size_t i = 0; i < memberships->count; i++) {
		const struct membership *membership = &memberships->list[i];

		if ((device < 0 || device == membership->device) &&
		    !membership_wait(membership, membership->launched, deadline))
			return false;
	}
	return true;
}

CUresult memberships_rejoin(struct memberships *memberships, struct gpu_link *link)
{
	for (size_t i = 0; i < memberships->count; i++) {
		CUresult ret = join(&memberships->list[i], link);

		if (ret) {
			memberships_leave(memberships);
			return ret;
		}
	}
	return CUDA_SUCCESS;
}

void memberships_leave(struct memberships *memberships)
{
	for (size_t i = 0; i < memberships->count; i++) {
		struct membership *membership = &memberships->list[i];

		if (membership->board)
			munmap((void *)(uintptr_t)membership->board,
			       sizeof(*membership->board));
		membership->board = NULL;
	}
}
