/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "criu-cuda verify": read all GPU memory images of a directory, to their last byte.
 *
 * Prints a line for each file when it has been read, and one for all of them. Errors of
 * writing are left in the stream, for the caller to see. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "image_set.h"

/* Return: true if all is good. Up to @threads threads read one image after the other. */
bool verify(FILE *stream, const struct image_set *set, unsigned int threads) must_check;
