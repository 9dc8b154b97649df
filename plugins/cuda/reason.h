/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why something failed: one line of text for the caller, who logs it, and the error.
 */
#pragma once

#include "cleanup.h"

/* Room for any reason, and its terminating zero. */
#define REASON_MAX 512

/*
 * Write the reason, cut at REASON_MAX; it has no newline.
 *
 * Return: @error, so that a function can end with it; -EIO in place of the one error
 * that has a meaning of its own to CRIU.
 */
int reason_set(char ret_reason[REASON_MAX], int error, const char *format, ...)
	printf_format(3, 4);
