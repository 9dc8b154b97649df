/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is there room for the new memory that processes are about to fill?
 *
 * A checkpoint brings all GPU memory of a process into its own memory at once; where that
 * does not fit, the kernel kills it. So one asks before. Room is the least of
 *   - what is available in the machine (MemAvailable of /proc/meminfo). Not what is free:
 *     the page cache fills most of the rest, and the kernel gives it up when asked;
 *   - the room in each memory cgroup that the process is in (memory_cgroup.h).
 * Processes that share a bound must fit into it together.
 *
 * Swap does not count, neither in the machine nor in a cgroup. Where it is on a disk, a
 * checkpoint and the dump after it would crawl, and where it is compressed memory (zram)
 * it takes the room that it promises. Nor is it seen that a process may use some of the
 * machine's memory nodes only. What is found holds for the moment: others take memory
 * too. So all is read anew at each call.
 *
 * Only reads. Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

struct memory_demand {
	pid_t pid;
	uint64_t bytes; /* 0: nothing is asked about this process */
};

/* The part of each room that memory_room_count() leaves to others: one of so many. */
#define MEMORY_ROOM_RESERVE 16

/* Long enough for every reason whose paths are not very long. */
#define MEMORY_ROOM_REASON_SIZE 512

/*
 * See whether all @count @demands can be met at the same time.
 *
 * Return: 0 if they can; otherwise *@ret_reason, of @size bytes, is one line without a
 * newline, cut if need be:
 *   -ENOSPC     they cannot: it has the pids, what is needed, what is there, and where
 *   -ESRCH      one of the processes is gone
 *   -EBADMSG    a file of the kernel cannot be understood
 *   -ENOMEM     no memory to find out
 *   -errno      another: it cannot be found out
 */
int memory_room_check(const struct memory_demand *demands, size_t count, char *ret_reason,
		      size_t size) must_check;

/*
 * Count how many of the @count @demands, from the first on, can be met at the same time
 * so that the reserve is left in each room. @host_memory, if it is not 0, stands for the
 * machine's reserve: then they take at most so many bytes of what is available there.
 *
 * Return: 0 with *@ret_count, 0 if there is no room for the first; otherwise as above,
 * but never -ENOSPC.
 */
int memory_room_count(const struct memory_demand *demands, size_t count,
		      uint64_t host_memory, size_t *ret_count, char *ret_reason,
		      size_t size) must_check;
