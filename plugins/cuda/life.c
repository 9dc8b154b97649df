/* SPDX-License-Identifier: GPL-2.0-only */
#include "life.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "proc_file.h"

/* Of linux/sched.h: the process is on its way out. */
#define PF_EXITING 0x4

/* What is used of /proc/PID/stat, see proc(5). */
struct stat_line {
	char state;
	unsigned int flags;
	uint64_t start;
};

static int parse(const char *line, struct stat_line *ret_stat)
{
	/* The second field is a name in parentheses, which may have any in it. */
	const char *rest = strrchr(line, ')');
	struct stat_line stat = { 0 };

	if (!rest ||
	    sscanf(rest,
		   ") %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
		   "%*d %*d %" SCNu64,
		   &stat.state, &stat.flags, &stat.start) != 3)
		return -EBADMSG;

	*ret_stat = stat;
	return 0;
}

static int read_stat(pid_t pid, struct stat_line *ret_stat)
{
	FILE *file autofclose = NULL;
	char line[1024];
	int ret;

	ret = proc_file_open(pid, "stat", &file);
	if (ret)
		return ret;

	/* If it has ended since, that is ESRCH; any other error says nothing of that. */
	errno = 0;
	if (!fgets(line, sizeof(line), file))
		return errno ? proc_file_error(errno) : -EBADMSG;

	return parse(line, ret_stat);
}

static bool is_dead(const struct stat_line *stat)
{
	return stat->state == 'Z' || stat->state == 'X';
}

int life_start(pid_t pid, uint64_t *ret_start)
{
	struct stat_line stat = { 0 };
	int ret;

	ret = read_stat(pid, &stat);
	if (ret)
		return ret;

	*ret_start = stat.start;
	return 0;
}

bool life_goes_on(pid_t pid, uint64_t start)
{
	struct stat_line stat = { 0 };
	int ret = read_stat(pid, &stat);

	/* What cannot be read is no proof of an end. */
	return ret == 0 ? stat.start == start && !is_dead(&stat) : ret != -ESRCH;
}

/* Does the line of /proc/PID/status name SIGKILL as pending? */
static bool is_sigkill_pending(const char *line)
{
	uint64_t signals;

	return (sscanf(line, "SigPnd: %" SCNx64, &signals) == 1 ||
		sscanf(line, "ShdPnd: %" SCNx64, &signals) == 1) &&
	       signals & UINT64_C(1) << (SIGKILL - 1);
}

static bool is_killed(pid_t pid)
{
	FILE *file autofclose = NULL;
	char line[256];
	bool killed = false;

	if (proc_file_open(pid, "status", &file))
		return false;
	while (!killed && fgets(line, sizeof(line), file))
		killed = is_sigkill_pending(line);

	return killed;
}

/* The links of its folder with threads: the first one, and two as any folder has. */
static bool has_other_threads(pid_t pid)
{
	char path[PROC_FILE_PATH_MAX];
	struct stat tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	return stat(path, &tasks) == 0 && tasks.st_nlink > 2 + 1;
}

bool life_is_over(pid_t pid, uint64_t start)
{
	struct stat_line stat = { 0 };
	int ret = read_stat(pid, &stat);

	if (ret)
		return ret == -ESRCH;

	return stat.start != start || (is_dead(&stat) && !has_other_threads(pid));
}

bool life_is_ending(pid_t pid)
{
	struct stat_line stat = { 0 };
	int ret = read_stat(pid, &stat);

	if (ret)
		return ret == -ESRCH;

	return is_dead(&stat) || stat.flags & PF_EXITING || is_killed(pid);
}
