/* SPDX-License-Identifier: GPL-2.0-only */
#include "clock.h"

#include <errno.h>
#include <time.h>

static const uint64_t second = 1000 * CLOCK_NS_PER_MS;

uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * second + (uint64_t)now.tv_nsec;
}

uint64_t clock_deadline(unsigned int ms)
{
	return ms ? clock_now() + ms * CLOCK_NS_PER_MS : CLOCK_NEVER;
}

void clock_sleep_until(uint64_t moment)
{
	struct timespec until = {
		.tv_sec = (time_t)(moment / second),
		.tv_nsec = (long)(moment % second),
	};

	while (clock_now() < moment &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

void clock_sleep_ms(unsigned int ms)
{
	clock_sleep_until(clock_now() + ms * CLOCK_NS_PER_MS);
}
