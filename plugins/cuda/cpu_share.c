/* SPDX-License-Identifier: GPL-2.0-only */
#include "cpu_share.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "cgroup_directory.h"
#include "cleanup.h"
#include "machine.h"

#define UNBOUNDED UINT64_MAX

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The CPUs on which @pid may run. */
static uint64_t affinity_of(pid_t pid)
{
	cpu_set_t cpus;

	/* Fails too where there are more than fit: then our own bound is left. */
	if (sched_getaffinity(pid, sizeof(cpus), &cpus) < 0)
		return UNBOUNDED;

	return (uint64_t)CPU_COUNT(&cpus);
}

/* --- the quota of a cgroup ---------------------------------------------------------- */

static bool read_line(const char *directory, const char *name, char *line, int size)
{
	FILE *file autofclose = NULL;
	char *path autofree = NULL;

	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		return false;
	}

	file = fopen(path, "re");
	return file && fgets(line, size, file);
}

/* Take a number and the one character @end behind it off the beginning of *@text. */
static bool take_number(const char **text, char end, uint64_t *ret_number)
{
	uint64_t number;
	char *rest;

	/* "max", and the "-1" of version 1, are no bound. */
	if (!isdigit((unsigned char)**text))
		return false;

	errno = 0;
	number = strtoull(*text, &rest, 10);
	if (errno || *rest != end)
		return false;

	*text = rest + 1;
	*ret_number = number;
	return true;
}

/* "QUOTA PERIOD\n" */
static bool read_v2(const char *directory, uint64_t *ret_quota, uint64_t *ret_period)
{
	char line[64];
	const char *text = line;

	return read_line(directory, "cpu.max", line, sizeof(line)) &&
	       take_number(&text, ' ', ret_quota) && take_number(&text, '\n', ret_period);
}

static bool read_v1_file(const char *directory, const char *name, uint64_t *ret_number)
{
	char line[64];
	const char *text = line;

	return read_line(directory, name, line, sizeof(line)) &&
	       take_number(&text, '\n', ret_number);
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

	cpus = lesser(cpus, affinity_of(pid));
	cpus = lesser(cpus, quota_of(pid, CGROUP_V2));
	cpus = lesser(cpus, quota_of(pid, CGROUP_V1));

	return cpus ? (unsigned int)cpus : 1;
}
