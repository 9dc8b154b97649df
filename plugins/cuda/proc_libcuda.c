/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of proc.h that asks for libcuda among the mappings of a process.
 */
#include "proc.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "proc_file.h"

/* Of linux/fs.h, since Linux 6.11: PROCMAP_QUERY and what belongs to it. */
struct mapping_query {
	uint64_t size, flags, address;
	uint64_t start, end, mapping_flags, page_size, offset, inode;
	uint32_t device_major, device_minor, name_size, build_id_size;
	uint64_t name, build_id; /* where to put them */
};
#define MAPPING_QUERY	      _IOWR('f', 17, struct mapping_query)
#define MAPPING_AT_OR_BEHIND  0x10
#define MAPPING_OF_FILES_ONLY 0x20

static bool path_is_libcuda(const char *path)
{
	static const char prefix[] = "/libcuda.so.";
	const char *name = strrchr(path, '/');

	return name && strncmp(name, prefix, sizeof(prefix) - 1) == 0;
}

/*
 * Ask for the mappings of files alone: of the others there may be very many. Return:
 * -errno too where the kernel cannot be asked, or the answer is not the whole one.
 */
static int ask_for_libcuda(int maps, bool *ret_maps)
{
	struct mapping_query query = {
		.size = sizeof(query),
		.flags = MAPPING_AT_OR_BEHIND | MAPPING_OF_FILES_ONLY,
	};
	char path[PATH_MAX];

	do {
		path[0] = '\0';
		query.address = query.end;
		query.name = (uintptr_t)path;
		query.name_size = sizeof(path);
		if (ioctl(maps, MAPPING_QUERY, &query) < 0) {
			if (errno != ENOENT)
				return -errno;

			*ret_maps = false; /* that was the last one */
			return 0;
		}
	} while (!path_is_libcuda(path));

	*ret_maps = true;
	return 0;
}

/* "…-… r-xp 00000000 08:01 1234   /usr/lib/libcuda.so.580.159.04" and so on */
static int read_for_libcuda(FILE *maps, bool *ret_maps)
{
	char *line autofree = NULL;
	const char *path;
	size_t size = 0;

	errno = 0;
	while (getline(&line, &size, maps) >= 0) {
		path = strchr(line, '/');
		if (path && path_is_libcuda(path)) {
			*ret_maps = true;
			return 0;
		}
	}
	if (!feof(maps))
		return proc_file_error(errno);

	*ret_maps = false;
	return 0;
}

/*
 * The links of the folder with its threads: one for each, and two as any folder has. One
 * thread alone is not the driver's, so there is nothing to look for in what may be tens
 * of thousands of mappings.
 */
int proc_may_be_cuda(pid_t pid, bool *ret_may)
{
	char path[PROC_FILE_PATH_MAX];
	struct stat tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if (stat(path, &tasks) < 0)
		return proc_file_error(errno);
	if (tasks.st_nlink == 2 + 1) {
		*ret_may = false;
		return 0;
	}

	return proc_maps_libcuda(pid, ret_may);
}

int proc_maps_libcuda(pid_t pid, bool *ret_maps)
{
	FILE *maps autofclose = NULL;
	int ret;

	ret = proc_file_open(pid, "maps", &maps);
	if (ret)
		return ret;

	/* What cannot be had by asking is read. */
	if (ask_for_libcuda(fileno(maps), ret_maps) == 0)
		return 0;

	return read_for_libcuda(maps, ret_maps);
}
