/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What cuda-checkpoint --get-memory answers, understood: a line for each pid that was
 * asked about, in that order, "PID BYTES" or "PID unknown". Pure; does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"

/* In place of bytes. */
#define MEMORY_UNKNOWN UINT64_MAX

/*
 * Read @text, of @length bytes and with a NUL behind it, which must be the answer for the
 * @count @pids and nothing else, into @ret_bytes.
 *
 * Return: 0, or -EBADMSG; then @ret_bytes may have been written in part.
 */
int memory_answer_parse(const char *text, size_t length, const pid_t *pids, size_t count,
			uint64_t *ret_bytes) must_check;
