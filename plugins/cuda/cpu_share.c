/* SPDX-License-Identifier: GPL-2.0-only */
#include "cpu_share.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "cgroup_directory.h"
#include "cleanup.h"
#include "machine.h"

#define UNBOUNDED UINT64_MAX

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The first line of a file, to be freed; NULL if it cannot be read. */
static char *read_line(const char *directory, const char *name)
{
	FILE *file autofclose = NULL;
	char *path autofree = NULL, *line = NULL;
	size_t size = 0;

	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		return NULL;
	}

	file = fopen(path, "re");
	if (file && getline(&line, &size, file) >= 0)
		return line;

	free(line);
	return NULL;
}

/* Take the number at the beginning of *@text off it. */
static bool take_number(const char **text, uint64_t *ret_number)
{
	uint64_t number;
	char *rest;

	/* "max", and the "-1" of version 1, are no bound. */
	if (!isdigit((unsigned char)**text))
		return false;

	errno = 0;
	number = strtoull(*text, &rest, 10);
	if (errno)
		return false;

	*text = rest;
	*ret_number = number;
	return true;
}

/* The same for one character. */
static bool take(const char **text, char character)
{
	if (**text != character)
		return false;

	++*text;
	return true;
}

/* --- the cpuset of a cgroup --------------------------------------------------------- */

/* Of "0-3,8\n"; false if it is no such list, or empty. */
static bool count_list(const char *text, uint64_t *ret_count)
{
	uint64_t first, last, count = 0;

	do {
		if (!take_number(&text, &first))
			return false;
		last = first;
		if (take(&text, '-') && (!take_number(&text, &last) || last < first))
			return false;
		if (last - first >= UNBOUNDED - count)
			return false;
		count += last - first + 1;
	} while (take(&text, ','));

	if (*text != '\n')
		return false;

	*ret_count = count;
	return true;
}

/* A directory in which the controller is not there has no such file. */
static bool cpuset_in(const char *directory, enum cgroup_version version,
		      uint64_t *ret_count)
{
	char *list autofree =
		read_line(directory, version == CGROUP_V2 ? "cpuset.cpus.effective"
							  : "cpuset.effective_cpus");

	return list && count_list(list, ret_count);
}

/* That of the cgroup of @pid, or of the next above it that has one. */
static uint64_t cpuset_of(pid_t pid, enum cgroup_version version)
{
	char *directory autofree = NULL;
	uint64_t count = UNBOUNDED;
	size_t top;

	if (cgroup_directory_of(pid, version, "cpuset", &directory, &top))
		return UNBOUNDED;

	while (!cpuset_in(directory, version, &count))
		if (!cgroup_directory_up(directory, top))
			return UNBOUNDED;

	return count;
}

/* --- the quota of a cgroup ---------------------------------------------------------- */

/* "QUOTA PERIOD\n" */
static bool read_v2(const char *directory, uint64_t *ret_quota, uint64_t *ret_period)
{
	char *line autofree = read_line(directory, "cpu.max");
	const char *text = line;

	return text && take_number(&text, ret_quota) && take(&text, ' ') &&
	       take_number(&text, ret_period) && take(&text, '\n');
}

static bool read_v1_file(const char *directory, const char *name, uint64_t *ret_number)
{
	char *line autofree = read_line(directory, name);
	const char *text = line;

	return text && take_number(&text, ret_number) && take(&text, '\n');
}

static bool read_v1(const char *directory, uint64_t *ret_quota, uint64_t *ret_period)
{
	return read_v1_file(directory, "cpu.cfs_quota_us", ret_quota) &&
	       read_v1_file(directory, "cpu.cfs_period_us", ret_period);
}

static uint64_t quota_in(const char *directory, enum cgroup_version version)
{
	uint64_t quota, period;
	bool is_bounded = version == CGROUP_V2 ? read_v2(directory, &quota, &period)
					       : read_v1(directory, &quota, &period);

	if (!is_bounded || !period)
		return UNBOUNDED;

	return quota / period + (quota % period != 0);
}

/* The least of those from the cgroup of @pid up to the highest that is seen. */
static uint64_t quota_of(pid_t pid, enum cgroup_version version)
{
	char *directory autofree = NULL;
	uint64_t least = UNBOUNDED;
	size_t top;

	if (cgroup_directory_of(pid, version, "cpu", &directory, &top))
		return UNBOUNDED;

	do {
		least = lesser(least, quota_in(directory, version));
	} while (cgroup_directory_up(directory, top));

	return least;
}

unsigned int cpu_share_of(pid_t pid)
{
	uint64_t cpus = machine_cpus();

	cpus = lesser(cpus, cpuset_of(pid, CGROUP_V2));
	cpus = lesser(cpus, cpuset_of(pid, CGROUP_V1));
	cpus = lesser(cpus, quota_of(pid, CGROUP_V2));
	cpus = lesser(cpus, quota_of(pid, CGROUP_V1));

	return cpus ? (unsigned int)cpus : 1;
}
