/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CRIU's symbols as a plugin sees them. Which of them are exported, make-exports says.
 */
#include "criu.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME	    "cuda_plugin"
#define IMAGES_NAME "gpu_memory_images"

#pragma GCC visibility push(default)
void print_on_level(unsigned int level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int criu_get_image_dir(void);
int add_inventory_plugin(const char *name);
bool check_and_remove_inventory_plugin(const char *name, size_t length);
void set_compel_interrupt_only_mode(void);
int criu_plugin_get_options(int *argc, char ***argv);

/* Its first int is the final state; what follows is CRIU's. */
extern int opts[64];
int opts[64];
#pragma GCC visibility pop

static const struct criu *settings;
static struct criu_report *report;
static int image_dir_fd = -1;
static size_t listed;

void criu_exports_set(const struct criu *criu, int image_dir,
		      struct criu_report *new_report)
{
	settings = criu;
	report = new_report;
	image_dir_fd = image_dir;
	listed = criu->list == CRIU_LIST_PLUGIN;

	memset(opts, 0x5a, sizeof(opts));
	opts[0] = (int)(criu->final_state ? criu->final_state : CRIU_LEAVE_RUNNING);
}

size_t criu_exports_listed(void)
{
	return listed;
}

bool criu_exports(const char *symbol)
{
	return dlsym(RTLD_DEFAULT, symbol) != NULL;
}

bool criu_has_list(void)
{
	return criu_exports("add_inventory_plugin") &&
	       criu_exports("check_and_remove_inventory_plugin");
}

static void check_line(const char *line, size_t length)
{
	const char *newline = strchr(line, '\n');

	if (!strstr(line, "cuda_plugin: ") || newline != line + length - 1)
		report->bad_line = true;
}

void print_on_level(unsigned int level, const char *format, ...)
{
	char *line = report->log + report->log_length;
	const size_t room = sizeof(report->log) - report->log_length;
	va_list arguments;
	int printed;

	va_start(arguments, format);
	printed = vsnprintf(line, room, format, arguments);
	va_end(arguments);

	if (printed < 0 || (size_t)printed >= room) {
		report->bad_line = true;
		return;
	}

	check_line(line, (size_t)printed);
	report->log_length += (size_t)printed;
	report->errors += level == 1;
	report->infos += level == 3;
}

int criu_get_image_dir(void)
{
	return image_dir_fd;
}

int add_inventory_plugin(const char *name)
{
	if (strcmp(name, NAME) != 0)
		return -EINVAL;

	report->added++;
	listed++;
	return 0;
}

bool check_and_remove_inventory_plugin(const char *name, size_t length)
{
	if (length == strlen(IMAGES_NAME) && strncmp(name, IMAGES_NAME, length) == 0)
		report->claimed_images++;
	else
		report->claimed++;
	if (settings->list == CRIU_LIST_MISSING)
		return true;
	if (!listed || length != strlen(NAME) || strncmp(name, NAME, length) != 0)
		return false;

	listed--;
	return true;
}

void set_compel_interrupt_only_mode(void)
{
	report->interrupt_only++;
}

int criu_plugin_get_options(int *argc, char ***argv)
{
	static char *words[CRIU_OPTIONS_MAX + 2];
	int count = 0;

	words[count++] = (char *)"criu";
	for (int i = 0; settings->options[i]; i++)
		words[count++] = (char *)settings->options[i];
	words[count] = NULL;

	*argc = count;
	*argv = words;
	return 0;
}
