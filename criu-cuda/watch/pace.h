/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast something grows, and how long it still takes. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing was seen yet. */
struct pace {
	bool is_seen;
	uint64_t what;
	uint64_t first, last; /* bytes */
	int64_t first_ms, last_ms;
};

/* @bytes of @what are there now; something else, or less than before, begins anew. */
void pace_note(struct pace *pace, uint64_t what, uint64_t bytes, int64_t now_ms);

/* Bytes a second, since it was first seen. Return: is it known? */
bool pace_speed(const struct pace *pace, uint64_t *ret_speed);

/* Seconds until there are @bytes, rounded up, at that speed. Return: is it known? */
bool pace_left(const struct pace *pace, uint64_t bytes, uint64_t *ret_seconds);
