/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for restore_thread.c over the world of fake_proc.h.
 *
 * A thread that is not stopped by the caller cannot be let run. A stop that fails
 * leaves the thread running, or stopped (FAKE_FAILS_DONE, FAKE_TIMES_OUT_DONE), as
 * when its signal mask could not be set. A thread that is tended runs again, whatever
 * has halted it.
 */
#pragma once

#include "restore_thread.h"
