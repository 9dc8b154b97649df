/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shared object, seen as a plugin for CRIU, without loading it: it could not be loaded
 * here, since it needs CRIU's symbols.
 *
 * CRIU looks up the data symbol CR_PLUGIN_DESC in it and refuses one whose version or
 * number of hooks is greater than its own. Our plugin says the least in its file, and
 * more when it is loaded by a CRIU that takes more. Only reads. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"
#include "reason.h"

struct plugin_file {
	unsigned int version; /* of CRIU's interface: 0x200, 0x300 */
	unsigned int hooks;
	bool is_ours; /* this project's: it knows the variable of its options */
};

/*
 * Read @size @bytes, a whole file.
 *
 * Return: 0 with *@ret_file; -EBADMSG with *@ret_reason: it is no plugin of this machine.
 */
int plugin_file_parse(const unsigned char *bytes, size_t size,
		      struct plugin_file *ret_file,
		      char ret_reason[REASON_MAX]) must_check;

/*
 * Read the file at @path. Return: as above; -ENOENT if it is not there, or another -errno
 * if it cannot be read, with *@ret_reason too.
 */
int plugin_file_read(const char *path, struct plugin_file *ret_file,
		     char ret_reason[REASON_MAX]) must_check;
