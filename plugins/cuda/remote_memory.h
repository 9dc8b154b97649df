/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Read and write the memory of another process. By any thread that may ptrace it; it need
 * not be stopped. Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

/* Return: 0 if it was all of it; -EFAULT if it is not there; -ESRCH; another -errno. */
int remote_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size) must_check;
int remote_memory_write(pid_t pid, uint64_t address, const void *bytes,
			size_t size) must_check;
