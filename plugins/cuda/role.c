/* SPDX-License-Identifier: GPL-2.0-only */
#include "role.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "inventory.h"
#include "log.h"
#include "machine.h"

#define REASON_MAX 1024

enum role role_in_dump(const struct options *options)
{
	if (options->force || machine_gpus())
		return ROLE_WORKER;

	pr_info("no GPU in %s, out of the way\n", MACHINE_GPUS_FOLDER);
	return ROLE_NONE;
}

/*
 * Does the image need us? Asked of the file itself, since up to CRIU 4.2 asking
 * CRIU is claiming. An image that is not in a folder of files is unset: CRIU knows.
 */
static int read_need(enum inventory_need *ret_need)
{
	int ret;

	*ret_need = INVENTORY_UNSET;
	if (host_image_dir() < 0)
		return 0;

	ret = inventory_read(host_image_dir(), PLUGIN_NAME, ret_need);
	if (ret && ret != -ENOENT) {
		pr_err("inventory.img: %s; is the image complete?\n",
		       ret == -EBADMSG ? "it is damaged" : strerror(-ret));
		return ret;
	}

	return 0;
}

/* See that a restore can be done. Return: 0, or -errno and the reason. */
static int prove_fit(const struct options *options, const struct tool *tool,
		     char *ret_reason, size_t size)
{
	if (!options->force && !machine_gpus()) {
		snprintf(ret_reason, size, "there is no GPU in %s", MACHINE_GPUS_FOLDER);
		return -ENODEV;
	}

	return tool_probe(tool, ret_reason, size);
}

/*
 * The requirement stays with CRIU, which refuses the restore if there is one; CRIU 4.0
 * has no such list.
 */
static int stand_by(enum inventory_need need, const char *reason, enum role *ret_role)
{
	if (need == INVENTORY_NEEDED)
		pr_err("the image has GPU processes, which cannot be restored: %s\n",
		       reason);
	else
		pr_info("cannot restore GPU processes: %s\n", reason);

	if (need == INVENTORY_NEEDED && host_version() == CRIU_HOST_4_0)
		return -ENODEV;

	*ret_role = ROLE_WATCHER;
	return 0;
}

/* Return: are we needed? Not asked for what we bring beside it. */
static bool claim(void)
{
	if (host_version() == CRIU_HOST_4_0)
		return true;
	if (!host_claim_plugin(PLUGIN_NAME))
		return false;

	(void)host_claim_plugin(PLUGIN_IMAGES_NAME);
	return true;
}

int role_in_restore(const struct options *options, const struct tool *tool,
		    enum role *ret_role)
{
	char reason[REASON_MAX];
	enum inventory_need need;
	int ret;

	ret = read_need(&need);
	if (ret)
		return ret;

	if (need != INVENTORY_NOT_NEEDED &&
	    prove_fit(options, tool, reason, sizeof(reason)))
		return stand_by(need, reason, ret_role);

	if (need != INVENTORY_NOT_NEEDED && claim()) {
		*ret_role = ROLE_WORKER;
		return 0;
	}

	pr_info("the image has no GPU process, out of the way\n");
	*ret_role = ROLE_NONE;
	return 0;
}
