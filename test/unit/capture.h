/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What is printed between capture_begin() and capture_end(), by whatever way.
 *
 * A test that fails in between leaves the stream captured: assert afterwards.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct capture {
	FILE *stream; /* stdout or stderr */
	int saved_fd;
	FILE *file;
	char text[4096]; /* after the end */
};

static inline void capture_begin(struct capture *capture, FILE *stream)
{
	fflush(stream);
	capture->stream = stream;
	capture->file = tmpfile();
	capture->saved_fd = dup(fileno(stream));
	if (!capture->file || capture->saved_fd < 0 ||
	    dup2(fileno(capture->file), fileno(stream)) < 0)
		abort();
}

static inline void capture_end(struct capture *capture)
{
	size_t length;

	fflush(capture->stream);
	if (dup2(capture->saved_fd, fileno(capture->stream)) < 0)
		abort();

	rewind(capture->file);
	length = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
	capture->text[length] = '\0';
	close(capture->saved_fd);
	fclose(capture->file);
}
