/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Uses no CUDA itself, and does not load it either: its CUDA children are the
 * program "counter" beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"

static const char about[] =
	"A family: children that count on the GPU and say so in DIR/cuda-0, DIR/cuda-1\n"
	"and so on, children that count without one in DIR/plain-0 and so on, and this\n"
	"program, which counts on stdout. SIGTERM ends them all.";

static unsigned int cuda = 2, plain = 2, gpus = 1, mib = 8, interval = 100, steps,
		    bereaved;
static const char *dir;

static volatile sig_atomic_t told_to_end;

static void on_signal(int signal_number)
{
	(void)signal_number;
	told_to_end = 1;
}

static void write_to(const char *kind, unsigned int i)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s-%u", dir, kind, i);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		app_fail("%s: %s", path, strerror(errno));
	close(fd);
}

static void count_plainly(void)
{
	for (unsigned int count = 1; !steps || count <= steps; count++) {
		app_sleep_ms(interval);
		app_say("count %u", count);
	}
	_exit(0);
}

static void become_counter(unsigned int i)
{
	char path[4096], numbers[4][16];
	const unsigned int values[] = { mib, interval, steps, i % gpus };
	ssize_t length =
		readlink("/proc/self/exe", path, sizeof(path) - sizeof("counter"));

	if (length < 0)
		app_fail("/proc/self/exe: %s", strerror(errno));
	path[length] = '\0';
	memcpy(strrchr(path, '/') + 1, "counter", sizeof("counter"));
	for (int j = 0; j < 4; j++)
		snprintf(numbers[j], sizeof(numbers[j]), "%u", values[j]);
	execl(path, "counter", "--mib", numbers[0], "--interval", numbers[1], "--steps",
	      numbers[2], "--gpu", numbers[3], (char *)NULL);
	app_fail("%s: %s", path, strerror(errno));
}

static void start_child(bool is_cuda, unsigned int i)
{
	pid_t pid = fork();

	if (pid < 0)
		app_fail("fork: %s", strerror(errno));
	if (pid > 0)
		return;
	signal(SIGTERM, SIG_DFL);
	write_to(is_cuda ? "cuda" : "plain", i);
	if (is_cuda)
		become_counter(i);
	count_plainly();
}

static void end_family(void)
{
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
}

/* Return: whether there are children left. */
static bool reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!bereaved && (!WIFEXITED(status) || WEXITSTATUS(status))) {
			end_family();
			app_fail("child %d ended with status %#x", pid, status);
		}
	}
	return pid == 0;
}

int main(int argc, char *argv[])
{
	const struct app_option options[] = {
		{ "dir", "where the children write; it has to be there", NULL, &dir },
		{ "cuda", "children that use CUDA (2)", &cuda, NULL },
		{ "plain", "children that do not (2)", &plain, NULL },
		{ "gpus", "CUDA child I uses GPU I modulo this (1)", &gpus, NULL },
		{ "mib", "device memory of each CUDA child (8)", &mib, NULL },
		{ "interval", "milliseconds between steps (100)", &interval, NULL },
		{ "steps", "end after so many; 0: never (0)", &steps, NULL },
		{ "bereaved", "1: go on when a child was killed (0)", &bereaved, NULL },
		{ 0 },
	};

	app_options(argc, argv, about, options);
	if (!dir || !gpus)
		app_fail("tree: --dir is needed, and --gpus must not be 0");
	setpgid(0, 0);
	signal(SIGTERM, on_signal);
	for (unsigned int i = 0; i < cuda; i++)
		start_child(true, i);
	for (unsigned int i = 0; i < plain; i++)
		start_child(false, i);
	for (unsigned int count = 1; reap() && !told_to_end; count++) {
		app_sleep_ms(interval);
		app_say("count %u", count);
	}
	end_family();
	return 0;
}
