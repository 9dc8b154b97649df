/* SPDX-License-Identifier: MIT */
#include "arguments.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "help.h"

enum {
	OPTION_GET_STATE = 0x100,
	OPTION_GET_RESTORE_TID,
	OPTION_ACTION,
	OPTION_TOGGLE,
	OPTION_GET_MEMORY,
};

static const struct option long_options[] = {
	{ "get-state", no_argument, NULL, OPTION_GET_STATE },
	{ "get-restore-tid", no_argument, NULL, OPTION_GET_RESTORE_TID },
	{ "action", required_argument, NULL, OPTION_ACTION },
	{ "toggle", no_argument, NULL, OPTION_TOGGLE },
	{ "get-memory", no_argument, NULL, OPTION_GET_MEMORY },
	{ "pid", required_argument, NULL, 'p' },
	{ "timeout", required_argument, NULL, 't' },
	{ "device-map", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Say what is wrong. Return: -EINVAL. */
static int printf_format(1, 2) refuse(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vfprintf(stderr, format, values);
	va_end(values);
	fputc('\n', stderr);
	return -EINVAL;
}

/* The same, for who does not know the options. */
static int refuse_with_help(const char *message)
{
	(void)refuse("%s", message);
	help_print(stderr);
	return -EINVAL;
}

/* Decimal digits and nothing else: no sign, no space, no empty string. */
static int parse_number(const char *text, unsigned long max, unsigned long *ret_number)
{
	unsigned long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || number > max)
		return -EINVAL;

	*ret_number = number;
	return 0;
}

static int take_pid(const char *text, struct arguments *arguments)
{
	unsigned long number;
	int *pids;

	if (parse_number(text, INT_MAX, &number) < 0 || number == 0)
		return refuse("cuda-checkpoint: invalid pid \"%s\"", text);

	pids = reallocarray(arguments->pids, arguments->pid_count + 1, sizeof(*pids));
	if (!pids) {
		(void)refuse("cuda-checkpoint: out of memory");
		return -ENOMEM;
	}

	arguments->pids = pids;
	arguments->pids[arguments->pid_count++] = (int)number;
	arguments->pid = (int)number;
	return 0;
}

static int take_timeout(const char *text, struct arguments *arguments)
{
	unsigned long number;

	if (parse_number(text, UINT_MAX, &number) < 0)
		return refuse("cuda-checkpoint: invalid timeout \"%s\": "
			      "it must be a number of milliseconds",
			      text);

	arguments->timeout_given = true;
	arguments->timeout_ms = (unsigned int)number;
	return 0;
}

static int take_device_map(const char *text, struct arguments *arguments)
{
	device_pairs_release(&arguments->device_map);
	return device_pairs_parse(text, &arguments->device_map);
}

static int take_operation(enum operation operation, struct arguments *arguments)
{
	if (arguments->operation != OPERATION_NONE)
		return refuse_with_help("More than one operation to perform");

	arguments->operation = operation;
	return 0;
}

static int take_action(const char *name, struct arguments *arguments)
{
	if (cuda_action_parse(name, &arguments->action) < 0)
		return refuse_with_help("Invalid process state");

	return take_operation(OPERATION_ACTION, arguments);
}

static int take_option(int option, const char *value, struct arguments *arguments)
{
	switch (option) {
	case OPTION_GET_STATE:
		return take_operation(OPERATION_GET_STATE, arguments);
	case OPTION_GET_RESTORE_TID:
		return take_operation(OPERATION_GET_RESTORE_TID, arguments);
	case OPTION_TOGGLE:
		return take_operation(OPERATION_TOGGLE, arguments);
	case OPTION_GET_MEMORY:
		return take_operation(OPERATION_GET_MEMORY, arguments);
	case OPTION_ACTION:
		return take_action(value, arguments);
	case 'p':
		return take_pid(value, arguments);
	case 't':
		return take_timeout(value, arguments);
	case 'd':
		return take_device_map(value, arguments);
	default: /* getopt has said which */
		return refuse_with_help("Invalid option(s) or option(s) not supported by "
					"this CUDA Driver");
	}
}

static int take_options(int argc, char *argv[], struct arguments *arguments)
{
	int option, ret;

	optind = 0; /* begin anew, whoever called getopt before */
	while ((option = getopt_long(argc, argv, "p:t:d:h", long_options, NULL)) != -1) {
		if (option == 'h') {
			arguments->operation = OPERATION_HELP;
			return 0;
		}

		ret = take_option(option, optarg, arguments);
		if (ret < 0)
			return ret;
	}

	if (optind < argc)
		return refuse("cuda-checkpoint: unexpected argument \"%s\"",
			      argv[optind]);

	return 0;
}

static int compare(const void *a, const void *b)
{
	const int first = *(const int *)a, second = *(const int *)b;

	return (first > second) - (first < second);
}

/* With a pid twice the lines of the answer could not be told apart. */
static int check_each_pid_once(const struct arguments *arguments)
{
	const size_t count = arguments->pid_count;
	int *sorted autofree = reallocarray(NULL, count, sizeof(*sorted));

	if (!sorted) {
		(void)refuse("cuda-checkpoint: out of memory");
		return -ENOMEM;
	}

	memcpy(sorted, arguments->pids, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare);
	for (size_t i = 1; i < count; i++)
		if (sorted[i - 1] == sorted[i])
			return refuse("cuda-checkpoint: --pid %d is given twice",
				      sorted[i]);

	return 0;
}

static int check_several_pids(const struct arguments *arguments)
{
	if (arguments->pid_count < 2 || arguments->operation == OPERATION_GET_MEMORY)
		return 0;
	if (arguments->operation == OPERATION_TOGGLE)
		return refuse("cuda-checkpoint: --toggle takes only one --pid");

	return check_each_pid_once(arguments);
}

static bool has_action(const struct arguments *arguments, enum cuda_action action)
{
	return arguments->operation == OPERATION_ACTION && arguments->action == action;
}

/* The options are each good; are they good together? */
static int check(const struct arguments *arguments)
{
	if (arguments->operation == OPERATION_HELP)
		return 0;
	if (!arguments->pid)
		return refuse_with_help("Missing pid to perform operation on");
	if (arguments->operation == OPERATION_NONE)
		return refuse_with_help("Missing operation to perform");
	if (arguments->timeout_given && !has_action(arguments, CUDA_LOCK) &&
	    arguments->operation != OPERATION_TOGGLE)
		return refuse("cuda-checkpoint: --timeout is only for "
			      "--action lock and --toggle");
	if (arguments->device_map.count && !has_action(arguments, CUDA_RESTORE))
		return refuse(
			"cuda-checkpoint: --device-map is only for --action restore");

	return check_several_pids(arguments);
}

int arguments_parse(int argc, char *argv[], struct arguments *ret_arguments)
{
	struct arguments arguments = { .operation = OPERATION_NONE };
	int ret;

	ret = take_options(argc, argv, &arguments);
	if (ret == 0)
		ret = check(&arguments);
	if (ret < 0) {
		arguments_release(&arguments);
		return ret;
	}

	*ret_arguments = arguments;
	return 0;
}

void arguments_release(struct arguments *arguments)
{
	device_pairs_release(&arguments->device_map);
	free(arguments->pids);
	arguments->pids = NULL;
	arguments->pid_count = 0;
}
