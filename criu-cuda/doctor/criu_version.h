/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The version of CRIU, as it tells it, and which plugins that version takes. Pure.
 */
#pragma once

#include <stdbool.h>

#include "cleanup.h"

/* All zero: not known. */
struct criu_version {
	unsigned int major, minor, sublevel;
};

/* What CRIU refuses a plugin for: see plugin_file.h. */
struct plugin_limits {
	unsigned int version, hooks;
};

/*
 * Read @text, what "criu --version" prints: its first line is "Version: 4.2.1".
 *
 * Return: 0 with *@ret_version; -EBADMSG if it is not such a text.
 */
int criu_version_parse(const char *text, struct criu_version *ret_version) must_check;

bool criu_version_is_known(const struct criu_version *version);

/* Is it @major.@minor or newer? Not if it is not known. */
bool criu_version_reaches(const struct criu_version *version, unsigned int major,
			  unsigned int minor);

/* The greatest numbers that it takes, as far as its version was seen. */
struct plugin_limits criu_version_limits(const struct criu_version *version);
