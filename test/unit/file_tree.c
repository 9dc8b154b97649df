/* SPDX-License-Identifier: GPL-2.0-only */
#include "file_tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 64

struct file {
	char path[256];
	char content[4096];
	int open_error;
	int read_error;
};

static struct file files[FILES_MAX];
static size_t count;

void file_tree_clear(void)
{
	count = 0;
}

static struct file *find(const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(files[i].path, path) == 0)
			return &files[i];

	return NULL;
}

static struct file *make(const char *path)
{
	struct file *file = find(path);

	if (!file && count == FILES_MAX)
		abort();
	if (!file)
		file = &files[count++];
	memset(file, 0, sizeof(*file));
	if (snprintf(file->path, sizeof(file->path), "%s", path) >=
	    (int)sizeof(file->path))
		abort();

	return file;
}

void file_tree_add(const char *path, const char *format, ...)
{
	struct file *file = make(path);
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(file->content, sizeof(file->content), format, values);
	va_end(values);
	if (length >= (int)sizeof(file->content))
		abort();
}

void file_tree_fail_open(const char *path, int error)
{
	make(path)->open_error = error;
}

void file_tree_fail_read(const char *path, int error)
{
	make(path)->read_error = error;
}

static ssize_t fail_to_read(void *cookie, char *buffer, size_t size)
{
	(void)buffer;
	(void)size;
	errno = ((const struct file *)cookie)->read_error;
	return -1;
}

FILE *file_tree_open(const char *path)
{
	struct file *file = find(path);
	FILE *stream;

	if (!file || file->open_error) {
		errno = file ? file->open_error : ENOENT;
		return NULL;
	}
	if (file->read_error)
		return fopencookie(file, "r",
				   (cookie_io_functions_t){ .read = fail_to_read });

	stream = tmpfile();
	if (!stream || fputs(file->content, stream) == EOF)
		abort();
	rewind(stream);
	return stream;
}
