/* SPDX-License-Identifier: GPL-2.0-only */
#include "open_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE 64   /* "/proc/PID/fdinfo/N" and then some */
#define LINK_SIZE 4096 /* of a path, as long as it can be */

void open_files_walk(pid_t pid, void (*see)(void *subject, const struct open_file *file),
		     void *subject)
{
	DIR *numbers autoclosedir = NULL;
	const struct dirent *entry;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	numbers = opendir(path);
	while (numbers && (entry = readdir(numbers))) {
		struct open_file file = { .pid = pid };

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    fstatat(dirfd(numbers), entry->d_name, &file.stat, 0) < 0)
			continue;
		file.number = (int)strtol(entry->d_name, NULL, 10);
		see(subject, &file);
	}
}

int open_file_parse_position(const char *text, uint64_t *ret_position)
{
	static const char key[] = "pos:\t";
	const char *number = text + sizeof(key) - 1;
	unsigned long long position;
	char *end;

	if (strncmp(text, key, sizeof(key) - 1) != 0 || !isdigit((unsigned char)*number))
		return -EBADMSG;

	errno = 0;
	position = strtoull(number, &end, 10);
	if (errno || *end != '\n')
		return -EBADMSG;

	*ret_position = position;
	return 0;
}

uint64_t open_file_position(const struct open_file *file)
{
	char path[PATH_SIZE], text[256];
	uint64_t position = 0;
	int fd autoclose = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)file->pid, file->number);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof(text) - 1);
	if (length <= 0)
		return 0;

	text[length] = '\0';
	return open_file_parse_position(text, &position) ? 0 : position;
}

bool open_file_is_named(const struct open_file *file, const char *ending)
{
	const size_t size = strlen(ending);
	char path[PATH_SIZE], name[LINK_SIZE];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)file->pid, file->number);
	length = readlink(path, name, sizeof(name));
	return length >= (ssize_t)size &&
	       memcmp(name + (size_t)length - size, ending, size) == 0;
}

int open_file_share(const struct open_file *file, int flags)
{
	char path[PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)file->pid, file->number);
	fd = openat(AT_FDCWD, path, flags | O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
