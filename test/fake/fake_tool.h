/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for tool.c over the world of fake_proc.h.
 *
 * Answers, refuses and logs as the utility and the driver do. The watch is asked when
 * there is something to see, a process that has ended or a thread that is halted, and in
 * a run that hangs, while the world's time passes; one that it leaves is at work from
 * then on. A run that hangs ends with -ETIMEDOUT at its timeout; to have none is a crime.
 * What is done on several processes is done on one after the other.
 */
#pragma once

#include "tool.h"

/* Runs of the utility so far, for all processes. */
unsigned int fake_tool_runs(void);
