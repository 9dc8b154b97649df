/* SPDX-License-Identifier: GPL-2.0-only */
#include "reason.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int reason_set(char ret_reason[REASON_MAX], int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_reason, REASON_MAX, format, args);
	va_end(args);

	return -error == ENOTSUP ? -EIO : error;
}
