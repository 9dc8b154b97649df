/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reaper COMMAND [ARGUMENT...]: run a test, and be the parent of all it leaves behind.
 *
 * A restored program is an orphan once CRIU has ended, and its pid cannot be restored
 * again before it has been reaped; the init of the machine may take its time, or never
 * do it. At the end whatever is left is killed: no test leaves a process behind. The test
 * has no descriptors but the standard ones: CRIU would find others in its programs.
 *
 * Exit status: the command's, or 128 and its signal.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t command;

static void pass_on(int signo)
{
	kill(command, signo);
}

static void run(char *argv[])
{
	execvp(argv[0], argv);
	fprintf(stderr, "reaper: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Reap orphans until the command itself has ended. */
static int wait_for_command(void)
{
	int status;
	pid_t pid;

	do {
		pid = wait(&status);
	} while (pid != command && (pid > 0 || errno == EINTR));

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Kill one child. Return: whether there was one. */
static bool kill_a_child(void)
{
	int pid = 0;
	FILE *children = fopen("/proc/thread-self/children", "re");

	if (!children)
		return false;
	if (fscanf(children, "%d", &pid) != 1)
		pid = 0;
	fclose(children);

	if (pid <= 0)
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return true;
}

int main(int argc, char *argv[])
{
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: reaper COMMAND [ARGUMENT...]\n");
		return 2;
	}

	closefrom(STDERR_FILENO + 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	command = fork();
	if (command < 0) {
		perror("reaper: fork");
		return 1;
	}
	if (command == 0)
		run(argv + 1);

	signal(SIGTERM, pass_on);
	signal(SIGINT, pass_on);
	status = wait_for_command();

	while (kill_a_child())
		;
	return status;
}
