/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gpu-sim: the process that is the simulated GPUs.
 *
 * Device memory has to live outside the programs that use it, or CRIU could
 * dump them as they are. So one process owns it and lends it out.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "list.h"
#include "server.h"

struct arguments {
	const char *socket;
	int ready_fd;
	bool list;
};

static int usage(FILE *to)
{
	fputs("usage: gpu-sim --socket PATH [--ready-fd N]   be the GPUs, until SIGTERM\n"
	      "       gpu-sim --socket PATH --list           UUID, MiB in use, MiB in "
	      "all\n"
	      "environment: CUDA_SIM_GPUS, CUDA_SIM_GPU_MEMORY (MiB), CUDA_SIM_SEED\n",
	      to);
	return to == stdout ? 0 : 1;
}

static int read_descriptor(const char *text, int *ret_fd)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (!*text || *end || value < 0 || value > 1 << 20) {
		fprintf(stderr, "gpu-sim: not a descriptor: '%s'\n", text);
		return -EINVAL;
	}
	*ret_fd = (int)value;
	return 0;
}

/* Return: 0 to go on, else 1 plus the exit status. */
static int read_arguments(int argc, char *argv[], struct arguments *ret_arguments)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			ret_arguments->socket = optarg;
		else if (option == 'l')
			ret_arguments->list = true;
		else if (option == 'h')
			return 1 + usage(stdout);
		else if (option != 'r' ||
			 read_descriptor(optarg, &ret_arguments->ready_fd) < 0)
			return 1 + usage(stderr);
	}
	if (optind != argc || !ret_arguments->socket)
		return 1 + usage(stderr);
	return 0;
}

int main(int argc, char *argv[])
{
	struct arguments arguments = { .ready_fd = -1 };
	struct gpus gpus;
	const char *bad;
	int ret = read_arguments(argc, argv, &arguments);

	if (ret)
		return ret - 1;
	if (arguments.list)
		return list_print(arguments.socket) ? 1 : 0;
	if (gpus_init(&gpus, &bad) < 0) {
		fprintf(stderr, "gpu-sim: %s makes no sense: '%s'\n", bad, getenv(bad));
		return 1;
	}
	return server_run(&gpus, arguments.socket, arguments.ready_fd) ? 1 : 0;
}
