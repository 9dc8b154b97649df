/* SPDX-License-Identifier: GPL-2.0-only */
#include "pace.h"

void pace_note(struct pace *pace, uint64_t what, uint64_t bytes, int64_t now_ms)
{
	if (!pace->is_seen || pace->what != what || bytes < pace->last)
		*pace = (struct pace){
			.is_seen = true, .what = what, .first = bytes, .first_ms = now_ms
		};

	pace->last = bytes;
	pace->last_ms = now_ms;
}

bool pace_speed(const struct pace *pace, uint64_t *ret_speed)
{
	const int64_t took_ms = pace->last_ms - pace->first_ms;

	if (took_ms <= 0)
		return false;

	*ret_speed =
		(uint64_t)((double)(pace->last - pace->first) * 1000 / (double)took_ms);
	return true;
}

bool pace_left(const struct pace *pace, uint64_t bytes, uint64_t *ret_seconds)
{
	uint64_t speed;

	if (!pace_speed(pace, &speed) || !speed)
		return false;

	*ret_seconds = bytes > pace->last ? (bytes - pace->last) / speed +
						    ((bytes - pace->last) % speed != 0)
					  : 0;
	return true;
}
