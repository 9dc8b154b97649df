/* SPDX-License-Identifier: GPL-2.0-only */
#include "app_family.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"

static volatile sig_atomic_t told_to_end;

static void on_signal(int signal_number)
{
	(void)signal_number;
	told_to_end = 1;
}

void app_family_start(void)
{
	setpgid(0, 0);
	signal(SIGTERM, on_signal);
}

static void write_to(const char *dir, const char *kind, unsigned int i)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s-%u", dir, kind, i);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		app_fail("%s: %s", path, strerror(errno));
	close(fd);
}

pid_t app_family_fork(const char *dir, const char *kind, unsigned int i)
{
	pid_t pid = fork();

	if (pid < 0)
		app_fail("fork: %s", strerror(errno));
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		write_to(dir, kind, i);
	}

	return pid;
}

void app_family_become(const char *const argv[])
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *name;

	if (length < 0)
		app_fail("/proc/self/exe: %s", strerror(errno));
	path[length] = '\0';
	name = strrchr(path, '/') + 1;
	snprintf(name, sizeof(path) - (size_t)(name - path), "%s", argv[0]);
	execv(path, (char *const *)argv); /* which leaves them as they are */
	app_fail("%s: %s", path, strerror(errno));
}

static void end_family(void)
{
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
}

/* Return: whether there are children left. */
static bool reap(bool may_be_bereaved)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!may_be_bereaved && (!WIFEXITED(status) || WEXITSTATUS(status))) {
			end_family();
			app_fail("child %d ended with status %#x", pid, status);
		}
	}
	return pid == 0;
}

void app_family_count(unsigned int interval_ms, bool may_be_bereaved)
{
	for (unsigned int count = 1; reap(may_be_bereaved) && !told_to_end; count++) {
		app_sleep_ms(interval_ms);
		app_say("count %u", count);
	}
	end_family();
}
