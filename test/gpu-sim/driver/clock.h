/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moments and waits, in nanoseconds of CLOCK_MONOTONIC.
 *
 * After a CRIU restore the clock may show anything; no moment is kept over one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_NS_PER_MS 1000000ULL

/* A deadline that never comes. */
#define CLOCK_NEVER UINT64_MAX

uint64_t clock_now(void);

/* The deadline that is @ms from now; CLOCK_NEVER for 0. */
uint64_t clock_deadline(unsigned int ms);

/* Signals do not end the wait early. */
void clock_sleep_until(uint64_t moment);
void clock_sleep_ms(unsigned int ms);
