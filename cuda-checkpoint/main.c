/* SPDX-License-Identifier: MIT */
/*
 * cuda-checkpoint: suspend and resume CUDA in a running process.
 *
 * Understands and answers what NVIDIA's utility of this name does. Exit status
 * 0, or 1 and the reason on stderr; with several pids on stdout, see at_once.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "arguments.h"
#include "at_once.h"
#include "command.h"
#include "gpu_memory.h"
#include "help.h"
#include "libcuda.h"
#include "libnvml.h"

/*
 * The driver opens pipes of the other process, and we print into descriptor 1:
 * these must not be the same. A standard descriptor that is closed is given to
 * something that cannot be written to, so that an answer into it still fails.
 */
static int occupy_standard_descriptors(void)
{
	int fd;

	do {
		fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	} while (fd <= STDERR_FILENO);

	close(fd);
	return 0;
}

static int get_memory(const struct arguments *arguments)
{
	struct libnvml libnvml;
	int ret;

	ret = libnvml_open(&libnvml);
	if (ret < 0)
		return ret;

	return gpu_memory_print(arguments->pids, arguments->pid_count, &libnvml);
}

static int run(const struct arguments *arguments)
{
	struct libcuda libcuda;
	int ret;

	if (arguments->operation == OPERATION_HELP) {
		help_print(stdout);
		return 0;
	}
	if (arguments->operation == OPERATION_GET_MEMORY)
		return get_memory(arguments);
	if (arguments->pid_count > 1)
		return at_once_run(arguments);

	ret = libcuda_open(&libcuda);
	if (ret < 0)
		return ret;

	return command_run(arguments, &libcuda);
}

/* The answer has been printed: does it arrive? */
static int finish_answer(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;

	fprintf(stderr, "cuda-checkpoint: cannot write the answer: %s\n",
		strerror(errno));
	return -EIO;
}

int main(int argc, char *argv[])
{
	struct arguments arguments;
	int ret, written;

	ret = occupy_standard_descriptors();
	if (ret < 0) {
		fprintf(stderr, "cuda-checkpoint: no free file descriptor: %s\n",
			strerror(-ret));
		return EXIT_FAILURE;
	}

	ret = arguments_parse(argc, argv, &arguments);
	if (ret < 0)
		return EXIT_FAILURE;

	ret = run(&arguments);
	written = finish_answer();
	if (ret == 0)
		ret = written;

	arguments_release(&arguments);
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
