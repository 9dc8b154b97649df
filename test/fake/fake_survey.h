/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for survey.c over the world of fake_proc.h: it sees the processes that are
 * there, or refuses as a test has told it.
 */
#pragma once

#include "survey.h"

#define FAKE_SURVEY_BYTES 4096 /* of each CUDA process */

struct fake_survey {
	int answer;
	size_t sees; /* so many of the processes, the first ones; 0: all */
	unsigned int calls;
	pid_t root; /* of the last call */
};

extern struct fake_survey fake_survey;
