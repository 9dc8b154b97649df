/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one check of the doctor has found: how bad it is, what it is, and what can be done
 * about it. And all of them, as lines for people or as one JSON object for programs:
 *
 *     {"format":1,"pid":null,"verdict":"error",
 *      "checks":[{"check":"criu","verdict":"ok","finding":"version 4.2.1","remedy":null},
 *        {"check":"driver","verdict":"error","finding":"there is no NVIDIA driver",
 *         "remedy":"install r570 or newer"}]}
 *
 *     format    raised when what is here changes its meaning; keys may be added
 *     pid       the process that was looked at too, or null
 *     verdict   "ok", "warning" or "error"; of all: the worst of them
 *     finding, remedy   for people
 *
 * Pure. Does not log.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "cleanup.h"

enum grade {
	GRADE_NONE = 0, /* the check has nothing to say: it is passed over */
	GRADE_OK,
	GRADE_WARNING, /* something is wrong, or slow, for some processes */
	GRADE_ERROR,   /* a dump or restore fails */
};

#define DIAGNOSIS_SIZE 1024

struct diagnosis {
	const char *check; /* its name, borrowed */
	enum grade grade;
	char finding[DIAGNOSIS_SIZE]; /* one line, cut if need be; of any bytes */
	char remedy[DIAGNOSIS_SIZE];  /* "": none */
};

#define DIAGNOSES_MAX 32

struct diagnoses {
	struct diagnosis at[DIAGNOSES_MAX];
	size_t count;
};

/* The word for it. */
const char *grade_name(enum grade grade);

/* Say what was found; what was said before is forgotten. */
void diagnosis_find(struct diagnosis *diagnosis, enum grade grade, const char *format,
		    ...) printf_format(3, 4);

/* Say what can be done about it. */
void diagnosis_advise(struct diagnosis *diagnosis, const char *format, ...)
	printf_format(2, 3);

/* The worst of all; GRADE_OK if there is none. */
enum grade diagnoses_worst(const struct diagnoses *diagnoses);

/* A line for each. Errors are left in the stream, for the caller to see. */
void diagnoses_print(FILE *stream, const struct diagnoses *diagnoses);

/* The members "verdict" and "checks" of a JSON object, which is the caller's. */
void diagnoses_print_json_members(FILE *stream, const struct diagnoses *diagnoses);

/* One line, one JSON object. @pid: 0 if only the machine was looked at. */
void diagnoses_print_json(FILE *stream, const struct diagnoses *diagnoses, pid_t pid);
