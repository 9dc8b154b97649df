/* SPDX-License-Identifier: MIT */
/* Time that only goes forward. */
#pragma once

#include <stdint.h>
#include <time.h>

/* Milliseconds since some point in the past. */
static inline int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}
