/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to a process by the utility alone, without a CRIU: somebody has run
 * cuda-checkpoint on it. All that is seen of that is the time, and how the host memory of
 * the process grows.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "display.h"

/* Is the utility, under its own name, at work on @pid? */
bool by_hand_is_at_work(pid_t pid);

/* Show it until it has ended; how, nobody says. */
void by_hand_watch(const struct display *display, pid_t pid);
