/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time that only goes forward, for deadlines and durations, and waiting for it to pass.
 */
#pragma once

#include <stdint.h>
#include <time.h>

/* Milliseconds since some point in the past. */
static inline int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* A signal may cut it short. */
static inline void clock_sleep_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000,
				       .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}
