/* SPDX-License-Identifier: GPL-2.0-only */
#include "command_line.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define LINE_NUMBER_MAX 1000000000ul
#define INTERVAL_MAX	3600u /* seconds */

/* Each but the first two is a bit in what a command takes. */
enum {
	OPTION_HELP = 1 << 8, /* above all characters */
	OPTION_VERSION = 1 << 9,
	OPTION_JSON = 1 << 10,
	OPTION_THREADS = 1 << 11,
	OPTION_LIBDIR = 1 << 12,
	OPTION_PID = 1 << 13,
	OPTION_TREE = 1 << 14,
	OPTION_IMAGES = 1 << 15,
	OPTION_SVG = 1 << 16,
	OPTION_LINE = 1 << 17,
	OPTION_INTERVAL = 1 << 18,
	OPTION_RESTORABLE = 1 << 19,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "threads", required_argument, NULL, OPTION_THREADS },
	{ "libdir", required_argument, NULL, OPTION_LIBDIR },
	{ "pid", required_argument, NULL, OPTION_PID },
	{ "tree", required_argument, NULL, OPTION_TREE },
	{ "images", required_argument, NULL, OPTION_IMAGES },
	{ "svg", no_argument, NULL, OPTION_SVG },
	{ "line", required_argument, NULL, OPTION_LINE },
	{ "restorable", no_argument, NULL, OPTION_RESTORABLE },
	{ "interval", required_argument, NULL, OPTION_INTERVAL },
	{ NULL, 0, NULL, 0 },
};

/* What follows a command. */
enum operand {
	NOTHING,
	A_DIRECTORY,
	A_FILE,
	A_PLACE
};

static const struct command_syntax {
	const char *word;
	enum command command;
	enum operand operand;
	int options;
} commands[] = {
	{ "inspect", COMMAND_INSPECT, A_DIRECTORY,
	  OPTION_JSON | OPTION_LIBDIR | OPTION_RESTORABLE },
	{ "verify", COMMAND_VERIFY, A_DIRECTORY, OPTION_THREADS },
	{ "stats", COMMAND_STATS, A_FILE, OPTION_SVG | OPTION_LINE },
	{ "watch", COMMAND_WATCH, A_PLACE, OPTION_INTERVAL },
	{ "doctor", COMMAND_DOCTOR, NOTHING, OPTION_JSON | OPTION_LIBDIR | OPTION_PID },
	{ "recover", COMMAND_RECOVER, NOTHING, OPTION_PID | OPTION_TREE | OPTION_IMAGES },
};

/* What was said, so far. */
struct reading {
	struct command_line line;
	int options;
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

/* Decimal digits and nothing else: no sign, no space, no empty string. 0: it is none. */
static unsigned long parse_number(const char *text, unsigned long most)
{
	unsigned long number = 0;
	char *end = NULL;

	errno = 0;
	if (*text >= '0' && *text <= '9')
		number = strtoul(text, &end, 10);

	return errno || !end || *end || number > most ? 0 : number;
}

static int take_threads(const char *text, struct command_line *line)
{
	line->threads = (unsigned int)parse_number(text, CREW_HANDS_MAX);
	if (!line->threads)
		return refuse("--threads takes a number from 1 to %u, not \"%s\"",
			      CREW_HANDS_MAX, text);

	return 0;
}

static int take_line_number(const char *text, struct command_line *line)
{
	line->line_number = parse_number(text, LINE_NUMBER_MAX);
	if (!line->line_number)
		return refuse("--line takes a number from 1 to %lu, not \"%s\"",
			      LINE_NUMBER_MAX, text);

	return 0;
}

static int take_interval(const char *text, struct command_line *line)
{
	line->interval_s = (unsigned int)parse_number(text, INTERVAL_MAX);
	if (!line->interval_s)
		return refuse("--interval takes seconds, from 1 to %u, not \"%s\"",
			      INTERVAL_MAX, text);

	return 0;
}

static int take_pid(const char *option, const char *text, pid_t *ret_pid)
{
	*ret_pid = (pid_t)parse_number(text, INT_MAX);
	if (!*ret_pid)
		return refuse("--%s takes the pid of a process, not \"%s\"", option,
			      text);

	return 0;
}

static int take_path(const char *option, const char *text, const char **ret_path)
{
	if (!*text)
		return refuse("--%s takes a directory", option);

	*ret_path = text;
	return 0;
}

/* Return: 0; 1 if there is nothing more to read; -EINVAL. */
static int take_option(int option, struct reading *reading)
{
	struct command_line *line = &reading->line;

	reading->options |= option;
	switch (option) {
	case 'h':
	case OPTION_HELP:
		line->command = COMMAND_HELP;
		return 1;
	case OPTION_VERSION:
		line->command = COMMAND_VERSION;
		return 1;
	case OPTION_JSON:
		line->json = true;
		return 0;
	case OPTION_RESTORABLE:
		line->restorable = true;
		return 0;
	case OPTION_THREADS:
		return take_threads(optarg, line);
	case OPTION_LIBDIR:
		return take_path("libdir", optarg, &line->libdir);
	case OPTION_IMAGES:
		return take_path("images", optarg, &line->images);
	case OPTION_PID:
		return take_pid("pid", optarg, &line->pid);
	case OPTION_TREE:
		return take_pid("tree", optarg, &line->tree);
	case OPTION_SVG:
		line->svg = true;
		return 0;
	case OPTION_LINE:
		return take_line_number(optarg, line);
	case OPTION_INTERVAL:
		return take_interval(optarg, line);
	default: /* getopt has said which */
		hint();
		return -EINVAL;
	}
}

/* Return: NULL, and said so, if there is no such command. */
static const struct command_syntax *find_command(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(word, commands[i].word) == 0)
			return &commands[i];

	(void)refuse("there is no command \"%s\"", word);
	return NULL;
}

static int check_options(const struct command_syntax *command, int options)
{
	const int one_of = options & (OPTION_PID | OPTION_TREE);

	for (const struct option *option = long_options; option->name; option++)
		if (options & option->val & ~command->options)
			return refuse("--%s is not for %s", option->name, command->word);
	if (command->command == COMMAND_RECOVER && one_of != OPTION_PID &&
	    one_of != OPTION_TREE)
		return refuse("recover takes one of --pid and --tree");

	return 0;
}

static int check_operand(const struct command_syntax *command, int count, char *words[])
{
	const int wanted = command->operand == NOTHING ? 0 : 1;
	static const struct {
		const char *missing, *one;
	} operands[] = {
		[A_DIRECTORY] = { "the directory of the images", "directory" },
		[A_FILE] = { "the file of statistics", "file" },
		[A_PLACE] = { "the directory of the images, or the pid,", "place" },
	};

	if (count < wanted)
		return refuse("%s is missing", operands[command->operand].missing);
	if (count > wanted && wanted)
		return refuse("one %s at a time: \"%s\" is too much",
			      operands[command->operand].one, words[wanted]);
	if (count > wanted)
		return refuse("%s takes no directory: \"%s\" is too much", command->word,
			      words[0]);

	return 0;
}

static int take_words(int count, char *words[], struct reading *reading)
{
	const struct command_syntax *command;
	int ret;

	if (count < 1)
		return refuse("what to do is missing: inspect, verify, stats, watch, "
			      "doctor or recover");
	command = find_command(words[0]);
	if (!command)
		return -EINVAL;
	ret = check_options(command, reading->options);
	if (ret < 0)
		return ret;

	ret = check_operand(command, count - 1, words + 1);
	if (ret < 0)
		return ret;

	reading->line.command = command->command;
	if (command->operand == A_DIRECTORY)
		reading->line.directory = words[1];
	if (command->operand == A_FILE)
		reading->line.file = words[1];
	if (command->operand == A_PLACE)
		reading->line.place = words[1];
	return 0;
}

int command_line_parse(int argc, char *argv[], struct command_line *ret_line)
{
	struct reading reading = { .options = 0 };
	int option, ret;

	optind = 0; /* begin anew, whoever called getopt before */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		ret = take_option(option, &reading);
		if (ret < 0)
			return ret;
		if (ret > 0) {
			*ret_line = (struct command_line){
				.command = reading.line.command,
			};
			return 0;
		}
	}

	ret = take_words(argc - optind, argv + optind, &reading);
	if (ret < 0)
		return ret;

	*ret_line = reading.line;
	return 0;
}
