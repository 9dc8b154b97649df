/* SPDX-License-Identifier: GPL-2.0-only */
#include "recover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "machine.h"
#include "options.h"
#include "recovery.h"

#define OPTION_VARIABLE "CRIU_CUDA_PLUGIN_OPTIONS"
#define PROGRAM		"criu-cuda: "

/* What modules of the plugin have to say, said by us; what goes well is not news. */
static void print_line(enum log_level level, const char *line)
{
	const char *text = strstr(line, LOG_PREFIX);

	text = text ? text + strlen(LOG_PREFIX) : line;
	if (level <= LOG_LEVEL_WARN)
		fprintf(stderr, PROGRAM "%s", text);
}

static int read_options(struct options *options)
{
	char reason[OPTIONS_REASON_MAX];
	int ret;

	options_init(options);
	ret = options_parse_list(options, getenv(OPTION_VARIABLE), reason,
				 sizeof(reason));
	if (ret)
		fprintf(stderr, PROGRAM OPTION_VARIABLE ": %s\n", reason);

	return ret;
}

static int recover_all(const struct recover_order *order, const struct tool *tool,
		       const struct host_buffer_images *images)
{
	pid_t *pids autofree = NULL;
	size_t count = 0;
	int ret;

	if (order->pid)
		return recovery_run(stdout, tool, images, &order->pid, 1);

	ret = recovery_list_tree(order->tree, &pids, &count);
	if (ret)
		return 0;
	if (!count)
		printf("pid %d: nothing there uses CUDA\n", (int)order->tree);

	return recovery_run(stdout, tool, images, pids, count);
}

int recover_processes(const struct recover_order *order)
{
	struct options options;
	const struct tool tool = { .program = options.cuda_checkpoint };
	struct host_buffer_images images = { .dirfd = -1 };
	int fd autoclose = -1;
	int ret;

	log_to(print_line);
	ret = read_options(&options);
	if (ret)
		return ret;

	if (order->images) {
		fd = openat(AT_FDCWD, order->images, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			ret = -errno;
			fprintf(stderr, PROGRAM "%s: %s\n", order->images,
				strerror(-ret));
			return ret;
		}
		images.dirfd = fd;
		images.threads = (unsigned int)machine_cpus();
	}

	return recover_all(order, &tool, &images);
}
