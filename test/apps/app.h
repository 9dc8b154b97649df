/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs share that has nothing to do with CUDA: options, the
 * line of progress, the end of a program that found something wrong.
 *
 * Every program says on stdout, a line each, how far it is: "count N", and
 * nothing behind it is lost when it is killed. With stdout in a file the last
 * line is thus the last count.
 */
#pragma once

#include <stdint.h>

#include "cleanup.h"

/* "--NAME VALUE": a number for *@number, or a text for *@text. */
struct app_option {
	const char *name;
	const char *help;
	unsigned int *number;
	const char **text;
};

/*
 * Read the command line; @options end with one that has no name. Ends the
 * program for --help, and with status 2 for what it does not understand.
 */
void app_options(int argc, char *argv[], const char *about,
		 const struct app_option *options);

/* Print a line to stdout, at once. */
void app_say(const char *format, ...) printf_format(1, 2);

/* Print a line to stderr and end the program with status 1. */
_Noreturn void app_fail(const char *format, ...) printf_format(1, 2);

/* Not ended early by signals. */
void app_sleep_ms(unsigned int ms);
