/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The collectives that this process takes part in, and how far it is in each.
 *
 * The GPU process says which steps have ended; here is only how many were launched. So
 * nothing else has to outlast a checkpoint: a process that could be locked has nothing in
 * flight, and then all ranks have launched the same steps.
 *
 * Application threads hold the driver's lock to launch, and not to wait. The restore
 * thread, with the gate closed, needs none; all but memberships_launch() is for it too.
 */
#pragma once

#include <stdbool.h>

#include "gpu_link.h"

struct membership {
	char name[GPU_NAME_MAX];
	uint32_t rank, ranks;
	int device;
	_Atomic uint32_t launched;
	uint64_t handle;
	const struct gpu_board *board; /* NULL while checkpointed */
};

struct memberships {
	struct membership list[GPU_COLLECTIVES_MAX]; /* nothing leaves it */
	_Atomic size_t count;
};

/*
 * Launch the next step of a collective on @device; join it if this is the first. @what
 * has its name, rank, ranks and us. The results are those of cuSimCollective().
 *
 * *@ret_membership lives as long as @memberships; it counts this step already.
 */
CUresult memberships_launch(struct memberships *memberships, struct gpu_link *link,
			    int device, const struct gpu_request *what,
			    const struct membership **ret_membership) must_check;

/* Wait until @step has ended. Return: false if @deadline came first. */
bool membership_wait(const struct membership *membership, uint32_t step,
		     uint64_t deadline);

/* The same, for all that was launched on @device (-1: on any). */
bool memberships_wait(const struct memberships *memberships, int device,
		      uint64_t deadline);

/* Join again those that were left. */
CUresult memberships_rejoin(struct memberships *memberships,
			    struct gpu_link *link) must_check;

/* Let go of what is mapped of the GPU process; the end of the link leaves them. */
void memberships_leave(struct memberships *memberships);
