/* SPDX-License-Identifier: GPL-2.0-only */
#include "guardian_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "cleanup.h"
#include "log.h"

/* A sink has no argument for it. */
static int log_dir = -1;

static int priority_of(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return LOG_ERR;
	case LOG_LEVEL_WARN:
		return LOG_WARNING;
	case LOG_LEVEL_INFO:
		return LOG_INFO;
	case LOG_LEVEL_DEBUG:
		break;
	}

	return LOG_DEBUG;
}

static void write_to_file(const char *line)
{
	int fd autoclose = openat(log_dir, GUARDIAN_LOG_FILE,
				  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char when[sizeof("2026-01-02T03:04:05+0000 ")];
	time_t now = time(NULL);
	struct tm tm;

	if (fd < 0 || !localtime_r(&now, &tm) ||
	    !strftime(when, sizeof(when), "%FT%T%z ", &tm))
		return;

	dprintf(fd, "%s%s", when, line);
}

static void guardian_log(enum log_level level, const char *line)
{
	if (level == LOG_LEVEL_DEBUG)
		return;

	syslog(priority_of(level), "%s", line);
	if (log_dir >= 0)
		write_to_file(line);
}

void guardian_log_start(int image_dir)
{
	log_dir = image_dir;
	openlog("criu-cuda-guardian", LOG_PID, LOG_DAEMON);
	log_to(guardian_log);
}
