/* SPDX-License-Identifier: MIT */
/*
 * The help text, in the form that programs which look into it expect: the
 * first line and the names of the options are those of NVIDIA's utility.
 */
#pragma once

#include <stdio.h>

/*
 * Where these words are in the help, on a line of their own but for blanks, the utility
 * takes several --pid for one operation and answers as at_once.h says. Callers look for
 * them: they never change.
 */
#define HELP_SEVERAL_PIDS "Several --pid: all at once."

/* Print it on @stream. Errors are left in the stream, for the caller to see. */
void help_print(FILE *stream);
