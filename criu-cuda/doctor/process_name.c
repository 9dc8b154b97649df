/* SPDX-License-Identifier: GPL-2.0-only */
#include "process_name.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#define NAME_MAX_KERNEL 15

/* One that is gone has no name. */
static bool is_called(int proc, const char *pid, const char *name)
{
	char path[sizeof("1234567890123456/comm")], comm[NAME_MAX_KERNEL + 2] = "";
	int fd autoclose = -1;
	ssize_t length;

	snprintf(path, sizeof(path), "%.16s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, comm, sizeof(comm) - 1);
	if (length <= 0)
		return false;

	comm[strcspn(comm, "\n")] = '\0';
	return strncmp(comm, name, NAME_MAX_KERNEL) == 0;
}

int process_name_find(const char *name, pid_t after, pid_t *ret_pid)
{
	DIR *processes autoclosedir = opendir("/proc");
	const struct dirent *entry;

	if (!processes)
		return -errno;

	*ret_pid = 0;
	while ((entry = readdir(processes))) {
		const pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (isdigit((unsigned char)entry->d_name[0]) && pid > after &&
		    (!*ret_pid || pid < *ret_pid) && pid != getpid() &&
		    is_called(dirfd(processes), entry->d_name, name))
			*ret_pid = pid;
	}

	return 0;
}
