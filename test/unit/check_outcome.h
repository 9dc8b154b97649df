/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a check of the doctor said, compared: its grade, the whole finding, and whether
 * there is a remedy.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/examination.h"

static struct examination examination;
static struct diagnosis diagnosis;

/* Nothing is known yet, and nothing said. */
static inline void check_reset(void)
{
	memset(&examination, 0, sizeof(examination));
	memset(&diagnosis, 0, sizeof(diagnosis));
	options_init(&examination.options);
	examination.tool.program = examination.options.cuda_checkpoint;
}

/* Whatever is wrong has a remedy, unless @remedy is ""; NULL: any. */
static inline void assert_says(examine check, enum grade grade, const char *finding,
			       const char *remedy)
{
	memset(&diagnosis, 0, sizeof(diagnosis));
	check(&examination, &diagnosis);

	assert_string_equal(diagnosis.finding, finding);
	assert_int_equal(diagnosis.grade, grade);
	if (remedy)
		assert_string_equal(diagnosis.remedy, remedy);
	else
		assert_int_equal(diagnosis.remedy[0] != '\0', grade > GRADE_OK);
}
