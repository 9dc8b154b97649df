/* SPDX-License-Identifier: GPL-2.0-only */
#include "by_hand.h"

#include <inttypes.h>
#include <stdio.h>

#include "at_work.h"
#include "clock.h"
#include "pace.h"
#include "proc.h"
#include "quantity.h"

#define UTILITY	  "cuda-checkpoint"
#define LINE_SIZE 256

bool by_hand_is_at_work(pid_t pid)
{
	return at_work_on(pid, UTILITY);
}

static bool is_over(void *subject)
{
	return !by_hand_is_at_work(*(const pid_t *)subject);
}

static void describe(pid_t pid, int64_t seconds, struct pace *pace, char line[LINE_SIZE])
{
	char memory[QUANTITY_SIZE], grows[QUANTITY_SIZE];
	uint64_t bytes, speed;

	if (proc_resident(pid, &bytes)) {
		snprintf(line, LINE_SIZE, UTILITY " on pid %d: %" PRId64 " s", (int)pid,
			 seconds);
		return;
	}

	pace_note(pace, 0, bytes, clock_ms());
	quantity_bytes(bytes, memory);
	if (!pace_speed(pace, &speed))
		speed = 0;
	quantity_bytes(speed, grows);
	snprintf(line, LINE_SIZE,
		 UTILITY " on pid %d: %" PRId64
			 " s, it has %s of host memory, which grows by %s/s",
		 (int)pid, seconds, memory, grows);
}

void by_hand_watch(const struct display *display, pid_t pid)
{
	const int64_t began_ms = clock_ms();
	struct pace pace = { .is_seen = false };
	char line[LINE_SIZE];

	while (by_hand_is_at_work(pid)) {
		describe(pid, (clock_ms() - began_ms) / 1000, &pace, line);
		display_show(display, line);
		display_nap(display, is_over, &pid);
	}
}
