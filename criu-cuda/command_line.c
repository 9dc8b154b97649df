/* SPDX-License-Identifier: GPL-2.0-only */
#include "command_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"

enum {
	OPTION_VERSION = 0x100,
	OPTION_JSON,
	OPTION_THREADS,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "threads", required_argument, NULL, OPTION_THREADS },
	{ NULL, 0, NULL, 0 },
};

static void hint(void)
{
	fputs("criu-cuda: see criu-cuda --help\n", stderr);
}

/* Say what is wrong. Return: -EINVAL. */
static int printf_format(1, 2) refuse(const char *format, ...)
{
	va_list values;

	fputs("criu-cuda: ", stderr);
	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
	hint();
	return -EINVAL;
}

/* Decimal digits and nothing else: no sign, no space, no empty string. */
static int take_threads(const char *text, struct command_line *line)
{
	unsigned long number = 0;
	char *end = NULL;

	errno = 0;
	if (*text >= '0' && *text <= '9')
		number = strtoul(text, &end, 10);
	if (errno || !end || *end || number < 1 || number > CREW_HANDS_MAX)
		return refuse("--threads takes a number from 1 to %u, not \"%s\"",
			      CREW_HANDS_MAX, text);

	line->threads = (unsigned int)number;
	return 0;
}

/* Return: 0; 1 if there is nothing more to read; -EINVAL. */
static int take_option(int option, struct command_line *line)
{
	switch (option) {
	case 'h':
		line->command = COMMAND_HELP;
		return 1;
	case OPTION_VERSION:
		line->command = COMMAND_VERSION;
		return 1;
	case OPTION_JSON:
		line->json = true;
		return 0;
	case OPTION_THREADS:
		return take_threads(optarg, line);
	default: /* getopt has said which */
		hint();
		return -EINVAL;
	}
}

static int take_command(const char *word, struct command_line *line)
{
	if (strcmp(word, "inspect") == 0)
		line->command = COMMAND_INSPECT;
	else if (strcmp(word, "verify") == 0)
		line->command = COMMAND_VERIFY;
	else
		return refuse("there is no command \"%s\"", word);

	if (line->json && line->command != COMMAND_INSPECT)
		return refuse("--json is only for inspect");
	if (line->threads && line->command != COMMAND_VERIFY)
		return refuse("--threads is only for verify");

	return 0;
}

static int take_words(int count, char *words[], struct command_line *line)
{
	int ret;

	if (count < 1)
		return refuse("what to do is missing: inspect or verify");
	ret = take_command(words[0], line);
	if (ret < 0)
		return ret;
	if (count < 2)
		return refuse("the directory of the images is missing");
	if (count > 2)
		return refuse("one directory at a time: \"%s\" is too much", words[2]);

	line->directory = words[1];
	return 0;
}

int command_line_parse(int argc, char *argv[], struct command_line *ret_line)
{
	struct command_line line = { .directory = NULL };
	int option, ret;

	optind = 0; /* begin anew, whoever called getopt before */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		ret = take_option(option, &line);
		if (ret < 0)
			return ret;
		if (ret > 0) {
			*ret_line = (struct command_line){ .command = line.command };
			return 0;
		}
	}

	ret = take_words(argc - optind, argv + optind, &line);
	if (ret < 0)
		return ret;

	*ret_line = line;
	return 0;
}
