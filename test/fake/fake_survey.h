/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for survey.c: an answer that a test has put down.
 */
#pragma once

#include "survey.h"

struct fake_survey {
	int answer;
	unsigned int calls;
	pid_t root; /* of the last call */
};

extern struct fake_survey fake_survey;
