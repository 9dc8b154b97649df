/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pages of a process are there: in memory, or in swap.
 *
 * By the ioctl PAGEMAP_SCAN, since Linux 6.7, which leaps over what is not there, however
 * much it is; before that by the entry of each page that is asked for. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

struct pagemap {
	int fd;		/* owned; -1: closed */
	bool can_scan;	/* as far as is known */
	uint64_t entry; /* bytes of memory that one tells of */
};

/* Return: 0; -ESRCH; another -errno. */
int pagemap_open(pid_t pid, struct pagemap *ret_pagemap) must_check;

void pagemap_close(struct pagemap *pagemap);

/*
 * The first page from @address on, and before @end, that is there and whose address is a
 * multiple of @step, as @address is.
 *
 * Return: 0 with *@ret_address; -ENOENT if there is none; -ESRCH if the process has let
 * go of its memory; another -errno.
 */
int pagemap_next(struct pagemap *pagemap, uint64_t address, uint64_t end, uint64_t step,
		 uint64_t *ret_address) must_check;
