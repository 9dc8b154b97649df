/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Open files, from one process to another that need not be waiting for them.
 *
 * What is put in stays open, whatever becomes of the process that put it in and of the
 * name of the file, as long as the other end is open. Each comes with a key. Does not
 * log.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cleanup.h"

struct fd_store {
	int in;	       /* owned, to put into; -1: closed */
	int out;       /* owned, to take from; -1: closed */
	bool is_stuck; /* it was full, and nobody made room */
};

#define FD_STORE_CLOSED              \
	{                            \
		.in = -1, .out = -1, \
	}

/* A new, empty store. Return: 0; -errno, and it is closed. */
int fd_store_open(struct fd_store *ret_store) must_check;

/* Close the ends that are open: of this process. */
void fd_store_close(struct fd_store *store);

/*
 * Put what is open as @fd, which stays open here, into @store. It waits a moment where
 * the store is full, but not again and again: some hundred fit that nobody takes.
 *
 * Return: 0; -EAGAIN if it is full; -EPIPE if the other end is closed; another -errno.
 */
int fd_store_put(struct fd_store *store, pid_t key, int fd) must_check;

/*
 * Take what is next in the store of which @out is the end to take from, never waiting.
 *
 * Return: 0 with *@ret_fd, which the caller closes; -EAGAIN if it is empty; -EPIPE if it
 * is empty and the other end closed; -EBADMSG for what has no file; another -errno.
 */
int fd_store_take(int out, pid_t *ret_key, int *ret_fd) must_check;
