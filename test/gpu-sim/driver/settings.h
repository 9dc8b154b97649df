/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the environment of the program asks of the driver. README.md has the table.
 *
 * A bad value is told on stderr.
 */
#pragma once

#include <stdint.h>

#include "cleanup.h"

#define SETTINGS_PATH_MAX 108 /* as long as the address of a unix socket */

struct settings {
	char socket[SETTINGS_PATH_MAX]; /* CUDA_SIM_SOCKET; empty: no GPU */
	unsigned int init_ms;		/* CUDA_SIM_INIT_MS */
	unsigned int copy_mbps;		/* CUDA_SIM_COPY_MBPS; 0: no limit */
};

/* Return: 0, or -EINVAL, and a line on stderr. */
int settings_read(struct settings *ret_settings) must_check;

/*
 * The number in the environment variable @name, or @otherwise.
 *
 * Return: 0, or -EINVAL, and a line on stderr.
 */
int settings_number(const char *name, unsigned int otherwise,
		    unsigned int *ret_value) must_check;

/* Parse all of @text as a decimal number. Return: 0, or -EINVAL. Silent. */
int settings_parse_number(const char *text, unsigned int *ret_value) must_check;

/* Say on stderr that @name must not be @value. Return: -EINVAL. */
int settings_refuse(const char *name, const char *value);
