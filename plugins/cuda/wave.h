/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GPU memory that does not fit into host memory all together goes there in waves.
 *
 * The memory of each process of a wave is brought into host memory, written out and
 * dropped again; then comes the next wave. Only looks. Does not log.
 */
#pragma once

#include "cleanup.h"
#include "memory_room.h"
#include "reason.h"

/*
 * Choose how many of the @count @demands, from the first on, are the next wave: as many
 * as memory_room_count() finds room for at this moment, given @host_memory. If it finds
 * none it is the first alone, as long as there is room for it when neither the reserve
 * nor @host_memory counts.
 *
 * A demand of MEMORY_UNKNOWN (memory_answer.h) counts as nothing, or, if @host_memory is
 * not 0, is a wave of its own.
 *
 * Return: 0 with *@ret_count, which is 0 only if @count is; otherwise @ret_reason tells
 * why there is none:
 *   -ENOSPC     not even the first has room
 *   -errno      another of memory_room_check(): it cannot be found out
 */
int wave_choose(const struct memory_demand *demands, size_t count, uint64_t host_memory,
		size_t *ret_count, char ret_reason[REASON_MAX]) must_check;
