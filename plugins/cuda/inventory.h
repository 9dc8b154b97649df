/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of needed plugins in CRIU's inventory.img.
 *
 * From 4.1 on CRIU keeps this list itself and offers functions for it. For
 * CRIU 4.0, which does not, inventory_add_plugin() writes the list at the end of a
 * dump and inventory_read() reads it at the start of a restore, with the
 * meaning that it has in a newer CRIU. The format is in images/inventory.proto.
 *
 * Neither function keeps anything between calls, needs the other to be called
 * first, or knows of CRIU. Does not log.
 */
#pragma once

#include "cleanup.h"

/* What an inventory says of one plugin. */
enum inventory_need {
	/* There is no list: the images are of an older CRIU. Every plugin works. */
	INVENTORY_UNSET,
	/* There is a list, and the plugin is not in it: it was not needed. */
	INVENTORY_NOT_NEEDED,
	/* The plugin is in the list: without it there is no restore. */
	INVENTORY_NEEDED,
};

/*
 * Find out what "inventory.img" in the directory @dirfd says of @plugin.
 *
 * Return: 0 with *@ret_need; -ENOENT if there is no such file; -EBADMSG if it is
 * damaged: no inventory, no regular file, or shorter or longer than it says, or of
 * more than 16 MiB (a real one has a hundred bytes), or not a valid message; another
 * -errno if it could not be read.
 */
int inventory_read(int dirfd, const char *plugin,
		   enum inventory_need *ret_need) must_check;

/*
 * Put @plugin on the list of "inventory.img" in the directory @dirfd, which is open
 * for reading (not O_PATH). The list is created if there is none; one that is
 * there is extended. Everything else in the file stays as it is to the byte, and
 * so do its mode and owner. A file that names @plugin already is left alone.
 *
 * The file is replaced as a whole, once the new one has been read back and is safe
 * on disk: whoever opens it, also after a power failure, finds the old one or the
 * new one.
 *
 * Return: 0 if @plugin is on the list; -EINVAL if @plugin is an empty name; -ENOENT
 * and -EBADMSG as above; -EFBIG if the list would make the file too big to be
 * read; -EIO also if the new file does not read back as it was written; another
 * -errno. After an error the file is as before and nothing is left beside it, with
 * one exception: when the very last step fails, to make the replacement safe on
 * disk, then the new file is in place, whole, and the disk is not to be trusted.
 */
int inventory_add_plugin(int dirfd, const char *plugin) must_check;
