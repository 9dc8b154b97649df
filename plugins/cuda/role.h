/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the plugin takes part in a dump or a restore.
 *
 * Decided once, when CRIU has loaded the plugin: is there a GPU, does the image need
 * it, can it be served. Logs one line where the plugin does not work, and each
 * failure.
 */
#pragma once

#include "options.h"
#include "tool.h"

enum role {
	ROLE_NONE,    /* out of the way: nothing is ours */
	ROLE_WATCHER, /* cannot work: a process that needs it must not go on without */
	ROLE_WORKER,
};

/* The name that goes into the inventory. */
#define PLUGIN_NAME "cuda_plugin"

/*
 * The name that goes there too if GPU memory is in images of its own. A plugin of the
 * first name that does not know them would have the driver restore zeros and say that all
 * is well: so CRIU refuses the restore. CRIU compares no more characters than the name of
 * the plugin has: none of the two may begin with the other.
 */
#define PLUGIN_IMAGES_NAME "gpu_memory_images"

/* A dump: a worker where there is a GPU, else none. */
enum role role_in_dump(const struct options *options);

/*
 * A restore. None if the image needs no GPU. A worker if one is needed, or may be, and
 * the GPU and the utility were seen to answer; only then is the requirement claimed.
 * Else a watcher: a requirement stays with CRIU, which then refuses the restore, and
 * images from before there were requirements may hold CUDA processes all the same.
 *
 * Return: 0 with *@ret_role; -EBADMSG or another -errno if inventory.img cannot be
 * read; -ENODEV if the image needs the plugin, it cannot work, and CRIU is too old
 * (4.0) to refuse by itself.
 */
int role_in_restore(const struct options *options, const struct tool *tool,
		    enum role *ret_role) must_check;
