/* SPDX-License-Identifier: GPL-2.0-only */
#include "plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "criu_run.h"

#define HOOK_DUMP_FINISH 16

const char *criu_plugin_path;

/* What each CRIU accepts of a plugin. */
static const struct {
	const char *version;
	unsigned int plugin_version;
	unsigned int hooks;
} versions[] = {
	{ "4.0", 0x200, 12 },
	{ "4.1", 0x200, 12 },
	{ "4.2", 0x200, 13 },
	{ "4.3", 0x300, 17 },
};

struct descriptor {
	const char *name;
	int (*init)(int stage);
	void (*exit)(int stage, int ret);
	unsigned int version;
	unsigned int max_hooks;
	void *hooks[];
};

static const struct descriptor *plugin;

const char *criu_version(void)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (strstr(program_invocation_short_name, versions[i].version))
			return versions[i].version;

	abort();
}

printf_format(1, 2) static bool refuse(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report->refused, sizeof(report->refused), format, arguments);
	va_end(arguments);
	return false;
}

static bool accepts(const struct descriptor *descriptor)
{
	size_t i = 0;

	while (strcmp(versions[i].version, criu_version()) != 0)
		i++;
	if (descriptor->version > versions[i].plugin_version)
		return refuse("version 0x%x", descriptor->version);
	if (descriptor->max_hooks > versions[i].hooks)
		return refuse("corrupted plugin: %u hooks", descriptor->max_hooks);

	return true;
}

bool plugin_load(void)
{
	void *library = dlopen(criu_plugin_path, RTLD_LAZY);

	if (!library)
		return refuse("%s", dlerror());

	plugin = (const struct descriptor *)dlsym(library, "CR_PLUGIN_DESC");
	if (!plugin)
		return refuse("no CR_PLUGIN_DESC");

	return accepts(plugin);
}

int plugin_init(int stage)
{
	return plugin->init(stage);
}

void plugin_exit(int stage, int ret)
{
	plugin->exit(stage, ret);
}

static void *hook(unsigned int number)
{
	return number < plugin->max_hooks ? plugin->hooks[number] : NULL;
}

int plugin_call(unsigned int number, const struct task *task)
{
	int (*const function)(int pid) = (int (*)(int))hook(number);

	return function ? function(task->pid) : -ENOTSUP;
}

void plugin_finish_dump(int ret)
{
	int (*const function)(int ret) = (int (*)(int))hook(HOOK_DUMP_FINISH);

	if (function)
		(void)function(ret);
}
