/* SPDX-License-Identifier: GPL-2.0-only */
#include "image_set.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "memory_image.h"

#define PAGES "pages-*.img"

/*
 * Whose image is @name, with @ending behind it? The first digits say whose, if it is one:
 * then it is the name that this pid gives.
 *
 * Return: the pid; 0 if it is no such name.
 */
static pid_t pid_of(const char *name, const char *ending)
{
	const char *digits = strpbrk(name, "0123456789");
	char image[MEMORY_IMAGE_NAME_SIZE];
	size_t length;
	long pid;

	if (!digits)
		return 0;
	errno = 0;
	pid = strtol(digits, NULL, 10);
	if (errno || pid < 1 || pid > INT_MAX)
		return 0;

	memory_image_name((pid_t)pid, image);
	length = strlen(image);
	if (strncmp(name, image, length) != 0 || strcmp(name + length, ending) != 0)
		return 0;

	return (pid_t)pid;
}

static int add(struct image_set_pids *pids, pid_t pid)
{
	pid_t *at = reallocarray(pids->at, pids->count + 1, sizeof(*at));

	if (!at)
		return -ENOMEM;

	at[pids->count++] = pid;
	pids->at = at;
	return 0;
}

/* What has gone since its name was read is not there, like a link to nothing. */
static int add_pages(struct image_set *set, const char *name)
{
	struct stat stat;

	if (fstatat(set->dirfd, name, &stat, 0) < 0)
		return errno == ENOENT ? 0 : -errno;

	if (S_ISREG(stat.st_mode)) {
		set->pages_files++;
		set->pages_bytes += (uint64_t)stat.st_size;
	}
	return 0;
}

static int take_name(struct image_set *set, const char *name)
{
	pid_t pid;

	pid = pid_of(name, "");
	if (pid)
		return add(&set->images, pid);
	pid = pid_of(name, MEMORY_IMAGE_PART);
	if (pid)
		return add(&set->parts, pid);
	if (fnmatch(PAGES, name, 0) == 0)
		return add_pages(set, name);

	return 0;
}

static int take_names(struct image_set *set, DIR *dir)
{
	const struct dirent *entry;
	int ret;

	while ((errno = 0, entry = readdir(dir))) {
		ret = take_name(set, entry->d_name);
		if (ret < 0)
			return ret;
	}

	return -errno;
}

static int compare(const void *a, const void *b)
{
	const pid_t first = *(const pid_t *)a, second = *(const pid_t *)b;

	return (first > second) - (first < second);
}

static void sort(struct image_set_pids *pids)
{
	if (pids->count)
		qsort(pids->at, pids->count, sizeof(*pids->at), compare);
}

static int find(struct image_set *set, const char *path)
{
	DIR *dir autoclosedir = opendir(path);
	int ret;

	if (!dir)
		return -errno;
	set->dirfd = fcntl(dirfd(dir), F_DUPFD_CLOEXEC, 0);
	if (set->dirfd < 0)
		return -errno;

	ret = take_names(set, dir);
	sort(&set->images);
	sort(&set->parts);
	return ret;
}

int image_set_find(const char *path, struct image_set *ret_set)
{
	struct image_set set = IMAGE_SET_NONE;
	int ret;

	ret = find(&set, path);
	if (ret < 0) {
		image_set_release(&set);
		return ret;
	}

	*ret_set = set;
	return 0;
}

void image_set_release(struct image_set *set)
{
	cleanup_close(&set->dirfd);
	free(set->images.at);
	free(set->parts.at);
	*set = (struct image_set)IMAGE_SET_NONE;
}
