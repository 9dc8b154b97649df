/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection to the GPU process: the device memory that it holds, the collectives
 * that it has joined.
 *
 * A client that breaks the protocol, does not read its answers or goes away is
 * released; nothing that it does harms the others. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "gpus.h"

struct block {
	uint64_t handle;
	uint64_t bytes;
	uint32_t gpu;
};

struct client {
	int fd;	   /* owned, non-blocking */
	pid_t pid; /* who connected */
	uint64_t last_handle;
	struct block *blocks;
	size_t count;
	uint64_t joined[GPU_COLLECTIVES_MAX];
	size_t joined_count;
};

/* Take over @fd, a connection that does not block. */
void client_init(struct client *client, int fd);

/* Close the connection, give all its memory back to @gpus and leave its collectives. */
void client_release(struct client *client, struct gpus *gpus);

/*
 * Answer the request of @client that is waiting; it is one of the @count @clients.
 *
 * Return: 0, or -errno when the client is to be released.
 */
int client_serve(struct client *client, struct gpus *gpus, const struct client *clients,
		 size_t count) must_check;
