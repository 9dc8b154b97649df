/* SPDX-License-Identifier: GPL-2.0-only */
#include "stats_show.h"

#include <errno.h>
#include <string.h>

#include "foreign_text.h"
#include "stats_file.h"
#include "timeline.h"
#include "timeline_print.h"

/* @path as it is on the command line, and why. Return: @error. */
static int fail(const char *path, unsigned long number, int error, const char *reason)
{
	fputs("criu-cuda: ", stderr);
	foreign_text_print(stderr, path);
	if (number)
		fprintf(stderr, ": line %lu: %s\n", number, reason);
	else
		fprintf(stderr, ": its last line: %s\n", reason);
	return error;
}

static int fail_file(const char *path, unsigned long number, int error)
{
	switch (error) {
	case -ENODATA:
		return fail(path, number, error, "there is none");
	case -EFBIG:
		return fail(path, number, error,
			    "it is longer than any that the plugin writes");
	default:
		fputs("criu-cuda: ", stderr);
		foreign_text_print(stderr, path);
		fprintf(stderr, ": %s\n",
			error == -EINVAL ? "it is no regular file" : strerror(-error));
		return error;
	}
}

int stats_show(FILE *stream, const char *path, unsigned long number, bool svg)
{
	struct timeline timeline autorelease_timeline = { .processes = NULL };
	char reason[REASON_MAX];
	char *line autofree = NULL;
	size_t length;
	int ret;

	ret = stats_file_line(path, number, &line, &length);
	if (ret < 0)
		return fail_file(path, number, ret);
	ret = timeline_parse(line, length, &timeline, reason);
	if (ret < 0)
		return fail(path, number, ret, reason);

	if (svg)
		timeline_svg(stream, &timeline);
	else
		timeline_text(stream, &timeline);
	return 0;
}
