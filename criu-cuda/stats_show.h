/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "criu-cuda stats": what the plugin's option stats=PATH has written of a dump or
 * restore, as a table or a picture.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cleanup.h"

/*
 * Print line @number of the file @path, the last one if @number is 0. Errors of writing
 * are left in the stream, for the caller to see.
 *
 * Return: 0; -ENODATA, -EFBIG or -EBADMSG if there is no such line or it makes no sense;
 * another -errno if the file cannot be read. Says why on stderr.
 */
int stats_show(FILE *stream, const char *path, unsigned long number, bool svg) must_check;
