/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * offload PID DIR: write the GPU memory of the checkpointed process PID into its image in
 * DIR and take it away, as a dump does: its buffer is zeros and a marker then.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_buffer.h"
#include "log.h"
#include "remote_memory.h"

#define STEP (1u << 20)

/* A sanitizer's shadow is larger than any buffer of a test. */
#define BYTES_MAX (UINT64_C(1) << 30)

static void print_line(enum log_level level, const char *line)
{
	(void)level;
	fputs(line, stderr);
}

/* The largest anonymous mapping is the one. */
static void find_buffer(const char *pid, struct host_buffer *buffer)
{
	FILE *maps autofclose = NULL;
	char *line autofree = NULL;
	char path[64];
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	while (maps && getline(&line, &size, maps) >= 0) {
		char *rest;
		const uint64_t begin = strtoull(line, &rest, 16);
		const uint64_t end = strtoull(rest + 1, &rest, 16);

		if (strncmp(rest, " rw-p 00000000 00:00 0", 22) == 0 &&
		    !strchr(line, '[') && end - begin > buffer->bytes &&
		    end - begin < BYTES_MAX) {
			buffer->address = begin;
			buffer->bytes = end - begin;
		}
	}
}

static int empty(pid_t pid, const struct host_buffer *buffer)
{
	static const char zeros[STEP];
	int ret = 0;

	for (uint64_t at = 0; !ret && at < buffer->bytes; at += STEP)
		ret = remote_memory_write(pid, buffer->address + at, zeros,
					  buffer->bytes - at < STEP ? buffer->bytes - at
								    : STEP);

	return ret;
}

int main(int argc, char *argv[])
{
	const pid_t pid = argc == 3 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
	const int dirfd =
		argc == 3 ? open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	const struct host_buffer_images images = { .dirfd = dirfd, .threads = 1 };
	struct host_buffer buffer = { .bytes = 0 };
	struct memory_image *image;

	if (!pid || dirfd < 0)
		return EXIT_FAILURE;

	log_to(print_line);
	find_buffer(argv[1], &buffer);
	if (host_buffer_write(pid, &images, &buffer, &image))
		return EXIT_FAILURE;

	host_buffer_image_close(image);
	return empty(pid, &buffer) || host_buffer_mark(pid, &buffer) ? EXIT_FAILURE
								     : EXIT_SUCCESS;
}
