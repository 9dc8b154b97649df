/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The collectives that run on the GPUs: work of several ranks, step by step. A step
 * begins when all ranks have launched it and the one before has ended.
 *
 * Knows no client and no socket: who calls for a rank sees to it that it has joined.
 * Does not log.
 */
#pragma once

#include <stdint.h>

#include "cleanup.h"
#include "protocol.h"

struct collective;

struct collectives {
	struct collective *first;
	uint64_t last_handle;
};

/*
 * Let the rank of @request take part in the collective of that name, which is made if it
 * is not there. All steps up to that of the request count as ended.
 *
 * Return: GPU_OK, with a descriptor of the board that the caller closes; GPU_INVALID if
 * there is no such rank, or a collective of that name for another number of ranks.
 */
enum gpu_result collectives_join(struct collectives *collectives,
				 const struct gpu_request *request, uint64_t *ret_handle,
				 int *ret_fd) must_check;

/* One that has joined is gone; what it launched stays, until the last one is gone. */
void collectives_leave(struct collectives *collectives, uint64_t handle);

/*
 * Launch the next step of a rank.
 *
 * Return: GPU_OK; GPU_INVALID if it is not the next one.
 */
enum gpu_result collectives_launch(struct collectives *collectives,
				   const struct gpu_request *request) must_check;

/* End the steps whose time has come. Return: the moment of the next one, or CLOCK_NEVER.
 */
uint64_t collectives_advance(struct collectives *collectives);
