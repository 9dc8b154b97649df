/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time that only goes forward, for deadlines and durations, and waiting for it to pass.
 */
#pragma once

#include <stdint.h>
#include <time.h>

/* Microseconds since some point in the past. */
static inline int64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Milliseconds since the same. */
static inline int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

/*
 * What is left until clock_ms() is @deadline, as a timeout of which 0 means no limit: 0
 * if
 * @deadline is, and else at least 1.
 */
static inline unsigned int clock_left_ms(int64_t deadline)
{
	const int64_t left = deadline - clock_ms();

	if (!deadline)
		return 0;

	return left > 0 ? (unsigned int)left : 1;
}

/* A signal may cut it short. */
static inline void clock_sleep_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000,
				       .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}
