/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The value of an option, from text.
 *
 * Each function takes the whole text, or says false: no white space, no sign, nothing
 * behind the value. A result is written only if it was understood. Pure; does not log.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "cleanup.h"

/* Seconds, with a point and one to three digits behind it or without, to milliseconds. */
bool option_value_ms(const char *value, unsigned int *ret_ms) must_check;

/* A number from 1 to @max, which is below UINT_MAX / 10; digits alone. */
bool option_value_number(const char *value, unsigned int max,
			 unsigned int *ret_number) must_check;

/*
 * Bytes, at least 1: a number, alone or with one of K, M, G and T behind it, which are
 * powers of 1024.
 */
bool option_value_bytes(const char *value, uint64_t *ret_bytes) must_check;

/* on, yes, 1 or true; off, no, 0 or false. */
bool option_value_bool(const char *value, bool *ret_bool) must_check;

/*
 * An absolute path, or a name without a slash: CRIU works in a folder of its own, where a
 * path from the user's would mislead. It is part of what is logged: no control
 * characters.
 */
bool option_value_path(const char *value, char ret_path[PATH_MAX]) must_check;
