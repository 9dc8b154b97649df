/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The text for --help. doc/criu-cuda.8 says the same at length.
 */
#pragma once

#include <stdio.h>

/* Print it on @stream. Errors are left in the stream, for the caller to see. */
void usage_print(FILE *stream);
