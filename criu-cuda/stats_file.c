/* SPDX-License-Identifier: GPL-2.0-only */
#include "stats_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "timeline.h"

#define BLOCK 65536
#define ROOM  (TIMELINE_LINE_MAX + 1) /* and its newline */

/* The line that is being read, or has been. */
struct reader {
	char *line; /* owned; room for ROOM bytes, which are only touched as they come */
	size_t length;
	unsigned long number;
	bool is_whole; /* its newline has come */
	bool is_too_long;
};

static void add(struct reader *reader, const char *bytes, size_t count)
{
	if (reader->is_whole || !reader->number) {
		reader->length = 0;
		reader->is_whole = false;
		reader->is_too_long = false;
		reader->number++;
	}

	if (count > ROOM - reader->length) {
		reader->is_too_long = true;
		return;
	}
	memcpy(reader->line + reader->length, bytes, count);
	reader->length += count;
}

/* Return: true when line @wanted is there, or cannot be. */
static bool take(struct reader *reader, const char *block, size_t size,
		 unsigned long wanted)
{
	while (size) {
		const char *newline = memchr(block, '\n', size);
		const size_t count = newline ? (size_t)(newline - block) + 1 : size;

		add(reader, block, count);
		reader->is_whole = newline != NULL;
		if (reader->number == wanted && (reader->is_whole || reader->is_too_long))
			return true;
		block += count;
		size -= count;
	}

	return false;
}

static int read_lines(int fd, struct reader *reader, unsigned long wanted)
{
	char block[BLOCK];
	ssize_t got;

	do {
		got = read(fd, block, sizeof(block));
		if (got < 0)
			return -errno;
		if (take(reader, block, (size_t)got, wanted))
			break;
	} while (got);

	if (!reader->number || (wanted && reader->number != wanted))
		return -ENODATA;

	return reader->is_too_long ? -EFBIG : 0;
}

int stats_file_line(const char *path, unsigned long number, char **ret_line,
		    size_t *ret_length)
{
	char *line autofree = NULL;
	struct reader reader = { .number = 0 };
	struct stat status;
	int ret;
	/* A FIFO is not waited for. */
	int fd autoclose = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	line = malloc(ROOM);
	if (!line)
		return -ENOMEM;

	reader.line = line;
	ret = read_lines(fd, &reader, number);
	if (ret < 0)
		return ret;

	*ret_line = line;
	*ret_length = reader.length;
	line = NULL;
	return 0;
}
