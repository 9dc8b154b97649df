/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The loop of the GPU process: one thread, one poll, all connections, and the time.
 *
 * Logs to stderr what makes it fail to start; after that nothing.
 */
#pragma once

#include "gpus.h"

/*
 * Listen at @path, write a byte to @ready_fd (-1: nobody waits) and close it,
 * and serve @gpus until SIGTERM or SIGINT; then remove @path again. A socket
 * that a dead server left at @path is replaced.
 *
 * Return: 0 when told to end, or -errno if it could not start.
 */
int server_run(struct gpus *gpus, const char *path, int ready_fd) must_check;
