/* SPDX-License-Identifier: GPL-2.0-only */
#include "app.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void print_help(const char *name, const char *about,
		       const struct app_option *options)
{
	printf("usage: %s [OPTION VALUE]...\n\n%s\n\n", name, about);
	for (; options->name; options++)
		printf("  --%-10s %s\n", options->name, options->help);
}

static bool take_value(const struct app_option *option, const char *value)
{
	unsigned long number;
	char *end;

	if (option->text) {
		*option->text = value;
		return true;
	}
	number = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || number > UINT_MAX)
		return false;
	*option->number = (unsigned int)number;
	return true;
}

static const struct app_option *find(const struct app_option *options,
				     const char *argument)
{
	if (strncmp(argument, "--", 2) != 0)
		return NULL;
	for (; options->name; options++) {
		if (strcmp(options->name, argument + 2) == 0)
			return options;
	}
	return NULL;
}

void app_options(int argc, char *argv[], const char *about,
		 const struct app_option *options)
{
	for (int i = 1; i < argc; i += 2) {
		const struct app_option *option = find(options, argv[i]);

		if (strcmp(argv[i], "--help") == 0) {
			print_help(argv[0], about, options);
			exit(0);
		}
		if (!option || i + 1 == argc || !take_value(option, argv[i + 1])) {
			fprintf(stderr, "%s: '%s' makes no sense; try --help\n", argv[0],
				argv[i]);
			exit(2);
		}
	}
}

void app_say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

void app_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

void app_sleep_ms(unsigned int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}
