/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A timeline, printed: timeline_text.c as a table, timeline_svg.c as a picture.
 *
 * The picture is one SVG 1.1 document: a row for what is done for all processes, and one
 * for each process, with a bar for each step. The colours are those of Okabe and Ito,
 * which also people tell apart who do not see red or green as others do; each bar says
 * what it is, inside if there is room, else when it is pointed at. It has a background of
 * its own, light or dark as the reader's screen is. It is made of our words and of
 * numbers alone, and refers to nothing outside.
 *
 * Errors are left in the stream, for the caller to see.
 */
#pragma once

#include <stdio.h>

#include "timeline.h"

void timeline_text(FILE *stream, const struct timeline *timeline);
void timeline_svg(FILE *stream, const struct timeline *timeline);

/* Room for a date. */
#define TIMELINE_DATE_SIZE 40

/* "2026-11-28 16:20:05 UTC". */
void timeline_date(const struct timeline *timeline, char ret_text[TIMELINE_DATE_SIZE]);
