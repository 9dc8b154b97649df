/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much memory there is for what the caller, or a CRIU beside it, is about to do.
 *
 * The least of what is available in the machine and of the room in each cgroup of the
 * caller (memory_cgroup.h). It holds for the moment. Only reads. Does not log.
 */
#pragma once

#include <stdint.h>

#include "cleanup.h"

struct host_room {
	uint64_t bytes;
	char place[128]; /* where that is: "the machine", or a cgroup's directory, cut */
};

/*
 * Return: 0 with *@ret_room; -EBADMSG if a file of the kernel cannot be understood;
 * -ENOMEM; another -errno if one cannot be read.
 */
int host_room_find(struct host_room *ret_room) must_check;

/* The swap space of the machine that is free, of which memory_room.h says why it does not
 * count; 0 also if it cannot be seen. */
uint64_t host_room_swap(void);
