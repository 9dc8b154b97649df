/* SPDX-License-Identifier: MIT */
/*
 * What programs that run the utility rely on, word for word. None of it ever changes.
 *
 * Beside it the options, answers and exit status, which are those of NVIDIA's utility,
 * and the lines about several processes (at_once.h).
 */
#pragma once

/*
 * Where these words are in the help, on a line of their own but for blanks, the utility
 * takes several --pid for one operation and answers as at_once.h says.
 */
#define CONTRACT_SEVERAL_PIDS "Several --pid: all at once."

/* So many processes it works on at a time; it takes more. */
#define CONTRACT_AT_ONCE 64

/* By which others know its processes; at_once.h says how. */
#define CONTRACT_NAME_PREFIX "cuda-cp-"
