/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for tool.c over the world of fake_proc.h.
 *
 * Answers, refuses and logs as the utility and the driver do. The watch is asked when
 * there is something to see, a process that has ended or a thread that is halted. A run
 * that would hang for ever all the same ends with -ETIMEDOUT, and is a crime unless it
 * had a timeout.
 */
#pragma once

#include "tool.h"

/* Runs of the utility so far, for all processes. */
unsigned int fake_tool_runs(void);
