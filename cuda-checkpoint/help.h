/* SPDX-License-Identifier: MIT */
/*
 * The help text, in the form that programs which look into it expect: the
 * first line and the names of the options are those of NVIDIA's utility.
 */
#pragma once

#include <stdio.h>

/* Print it on @stream. Errors are left in the stream, for the caller to see. */
void help_print(FILE *stream);
