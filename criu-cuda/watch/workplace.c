/* SPDX-License-Identifier: GPL-2.0-only */
#include "workplace.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <sys/vfs.h>

#include "criu_process.h"
#include "open_files.h"
#include "proc.h"
#include "recover/dump_root.h"

struct search {
	pid_t pid, tracer;
	pid_t criu;
	int images; /* owned: a directory that has some */
	int first;  /* owned: the first that could be one of images */
};

static void see_process(void *subject, const struct criu_process *process)
{
	struct search *search = subject;

	if (process->is_guardian || search->criu)
		return;
	if (process->pid == search->pid || process->pid == search->tracer ||
	    dump_root_of(process->pid) == search->pid)
		search->criu = process->pid;
}

/* CRIU has directories of the kernel open, too. */
static bool is_for_files(int dirfd)
{
	struct statfs system;

	return fstatfs(dirfd, &system) == 0 && system.f_type != PROC_SUPER_MAGIC &&
	       system.f_type != SYSFS_MAGIC && system.f_type != CGROUP_SUPER_MAGIC &&
	       system.f_type != CGROUP2_SUPER_MAGIC;
}

static bool has_images(int dirfd)
{
	const int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir autoclosedir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (fnmatch("*.img", entry->d_name, 0) == 0 ||
		    fnmatch("*.img.part", entry->d_name, 0) == 0)
			return true;

	return false;
}

static void see_file(void *subject, const struct open_file *file)
{
	struct search *search = subject;
	int fd;

	if (search->images >= 0 || !S_ISDIR(file->stat.st_mode))
		return;

	fd = open_file_share(file, O_DIRECTORY);
	if (fd >= 0 && has_images(fd))
		search->images = fd;
	else if (fd >= 0 && search->first < 0 && is_for_files(fd))
		search->first = fd;
	else if (fd >= 0)
		close(fd);
}

int workplace_of(pid_t pid)
{
	struct search search = { .pid = pid, .images = -1, .first = -1 };
	int ret;

	ret = proc_tracer(pid, &search.tracer);
	if (ret)
		return ret;

	criu_process_walk(see_process, &search);
	if (!search.criu)
		return -ENOENT;
	open_files_walk(search.criu, see_file, &search);
	if (search.images < 0)
		return search.first < 0 ? -ENOTDIR : search.first;

	cleanup_close(&search.first);
	return search.images;
}
