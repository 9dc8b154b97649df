/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams: until when each one has work.
 *
 * Copies are made when they are asked for; only the time that they would take
 * is put on the stream. The driver's lock is held by whoever calls, but for
 * the restore thread, which calls with the gate closed.
 */
#pragma once

#include <stddef.h>

#include "api.h"
#include "cleanup.h"
#include "clock.h"

struct membership;

struct CUstream_st {
	struct CUstream_st *next;
	int device;
	uint64_t busy_until;
	const struct membership *membership; /* of the last collective; NULL: none */
	uint32_t step;
};

/*
 * Put the copying of @bytes at @mbps (0: no time at all) at the end of @stream.
 *
 * Return: the moment when it is done.
 */
uint64_t stream_add_work(CUstream stream, size_t bytes, unsigned int mbps);

/* Put the step of a collective that was just launched on @stream. */
void stream_add_collective(CUstream stream, const struct membership *membership);
