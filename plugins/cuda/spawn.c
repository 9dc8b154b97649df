/* SPDX-License-Identifier: GPL-2.0-only */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "clock.h"
#include "sigchld.h"

#define NO_PIDFD_POLL_MS 10    /* between looks at the child, before Linux 5.3 */
#define DRAIN_MAX	 65536 /* bytes of a stream between looks at child and clock */

struct child {
	pid_t pid;
	int pidfd;   /* -1 where the kernel has none */
	int pipe[2]; /* read ends of its stdout and stderr; -1 once at their end */
};

/* How long the child may take, and who watches meanwhile. */
struct patience {
	int64_t deadline;  /* -1: none */
	int64_t next_look; /* -1: none */
	const struct spawn_watch *watch;
	int given_up; /* what the watch said; the deadline is that of the grace now */
};

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * A pipe whose write end is above 2, whatever the caller has closed: the child's
 * standard streams are made of it one after the other.
 */
static int open_pipe(int *ret_read_end, int *ret_write_end)
{
	int ends[2], above, saved;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;

	above = fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	saved = errno;
	close(ends[1]);
	if (above < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
		saved = above < 0 ? saved : errno;
		close_if_open(&above);
		close(ends[0]);
		return -saved;
	}

	*ret_read_end = ends[0];
	*ret_write_end = above;
	return 0;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	const short flags =
		POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP;
	sigset_t all, none;
	int ret;

	sigfillset(&all);
	sigemptyset(&none);

	ret = posix_spawnattr_setsigdefault(attributes, &all);
	if (!ret)
		ret = posix_spawnattr_setsigmask(attributes, &none);
	if (!ret)
		ret = posix_spawnattr_setpgroup(attributes, 0);
	if (!ret)
		ret = posix_spawnattr_setflags(attributes, flags);

	return -ret;
}

static int set_files(posix_spawn_file_actions_t *files, const int write_end[2])
{
	int ret;

	ret = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY,
					       0);
	if (!ret)
		ret = posix_spawn_file_actions_adddup2(files, write_end[0],
						       STDOUT_FILENO);
	if (!ret)
		ret = posix_spawn_file_actions_adddup2(files, write_end[1],
						       STDERR_FILENO);
	if (!ret)
		ret = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);

	return -ret;
}

static int start_with_streams(const char *const argv[], const int write_end[2],
			      pid_t *ret_pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	int ret;

	ret = -posix_spawnattr_init(&attributes);
	if (ret)
		return ret;

	ret = -posix_spawn_file_actions_init(&files);
	if (ret)
		goto destroy_attributes;

	ret = set_attributes(&attributes);
	if (!ret)
		ret = set_files(&files, write_end);
	if (!ret)
		ret = -posix_spawnp(ret_pid, argv[0], &files, &attributes,
				    (char *const *)argv, environ);

	posix_spawn_file_actions_destroy(&files);
destroy_attributes:
	posix_spawnattr_destroy(&attributes);
	return ret;
}

static void close_pipes(struct child *child)
{
	close_if_open(&child->pipe[0]);
	close_if_open(&child->pipe[1]);
}

static int start(const char *const argv[], struct child *child)
{
	int write_end[2] = { -1, -1 };
	int ret;

	*child = (struct child){ .pidfd = -1, .pipe = { -1, -1 } };

	ret = open_pipe(&child->pipe[0], &write_end[0]);
	if (!ret)
		ret = open_pipe(&child->pipe[1], &write_end[1]);
	if (!ret)
		ret = start_with_streams(argv, write_end, &child->pid);

	close_if_open(&write_end[0]);
	close_if_open(&write_end[1]);
	if (ret) {
		close_pipes(child);
		return ret;
	}

	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	return 0;
}

/*
 * Take what there is to read; what does not fit is read and dropped. Who prints
 * without end is not followed: the child may be over, or its time.
 */
static void drain(int *fd, struct spawn_output *output)
{
	char spill[4096];

	for (size_t taken = 0; *fd >= 0 && taken < DRAIN_MAX;) {
		size_t room = SPAWN_OUTPUT_MAX - output->length;
		char *to = room ? output->text + output->length : spill;
		ssize_t got = read(*fd, to, room ? room : sizeof(spill));

		taken += got > 0 ? (size_t)got : 0;
		if (got > 0 && room)
			output->length += (size_t)got;
		else if (got > 0)
			output->truncated = true;
		else if (got < 0 && errno == EINTR)
			continue;
		else if (got < 0 && errno == EAGAIN)
			return;
		else
			close_if_open(fd);
	}
}

static void drain_both(struct child *child, struct spawn_result *result)
{
	drain(&child->pipe[0], &result->out);
	drain(&child->pipe[1], &result->err);
}

/*
 * Return: 1 once the child has ended, reaped now and its status noted; 0 while it
 * has not; -ECHILD if somebody else has reaped it.
 */
static int reap(const struct child *child, int flags, struct spawn_result *result)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(child->pid, &status, flags);
	} while (pid < 0 && errno == EINTR);

	if (pid <= 0)
		return pid < 0 ? -errno : 0;

	result->status =
		WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return 1;
}

/* The earlier of two times, -1 is never. */
static int64_t earlier(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;

	return a < b ? a : b;
}

/* Sleep until the child prints or ends, or until @end; a signal may cut it short. */
static void wait_for_news(const struct child *child, int64_t end)
{
	struct pollfd fds[] = {
		{ .fd = child->pidfd, .events = POLLIN },
		{ .fd = child->pipe[0], .events = POLLIN },
		{ .fd = child->pipe[1], .events = POLLIN },
	};
	int64_t left = -1;

	if (end >= 0) {
		left = end - clock_ms();
		left = left < 0 ? 0 : left;
	}
	if (child->pidfd < 0 && (left < 0 || left > NO_PIDFD_POLL_MS))
		left = NO_PIDFD_POLL_MS;

	(void)poll(fds, sizeof(fds) / sizeof(fds[0]),
		   left > INT32_MAX ? INT32_MAX : (int)left);
}

/* The utility may be a script: what it runs goes with it. */
static void kill_and_reap(const struct child *child, struct spawn_result *result)
{
	const int64_t end = clock_ms() + SPAWN_GRACE_MS;

	kill(-child->pid, SIGKILL);
	kill(child->pid, SIGKILL);

	/* One that is stuck in the kernel does not die: it is left, and not waited for.
	 */
	while (reap(child, WNOHANG, result) == 0 && clock_ms() < end)
		wait_for_news(child, end);
}

/* Ask the watch, if it is time to. */
static void look(struct patience *patience)
{
	if (patience->next_look < 0 || clock_ms() < patience->next_look)
		return;

	patience->given_up = patience->watch->look(patience->watch->subject);
	patience->next_look = clock_ms() + SPAWN_WATCH_MS;
	if (!patience->given_up)
		return;

	patience->next_look = -1;
	patience->deadline = earlier(patience->deadline, clock_ms() + SPAWN_GRACE_MS);
}

static int finish(struct child *child, struct patience *patience,
		  struct spawn_result *result)
{
	int ret;

	while ((ret = reap(child, WNOHANG, result)) == 0) {
		if (patience->deadline >= 0 && clock_ms() >= patience->deadline) {
			kill_and_reap(child, result);
			ret = -ETIMEDOUT;
			break;
		}
		look(patience);
		if (patience->given_up == SPAWN_LEAVE)
			break;
		wait_for_news(child, earlier(patience->deadline, patience->next_look));
		drain_both(child, result);
	}

	drain_both(child, result);
	if (patience->given_up)
		return patience->given_up;

	return ret < 0 ? ret : 0;
}

static int run(const char *const argv[], struct patience *patience,
	       struct spawn_result *result)
{
	struct child child;
	int ret;

	ret = start(argv, &child);
	if (ret)
		return ret;

	ret = finish(&child, patience, result);

	close_pipes(&child);
	close_if_open(&child.pidfd);
	return ret;
}

int spawn_run(const char *const argv[], unsigned int timeout_ms,
	      const struct spawn_watch *watch, struct spawn_result *ret_result)
{
	const int64_t now = clock_ms();
	struct patience patience = {
		.deadline = timeout_ms ? now + timeout_ms : -1,
		.next_look = watch ? now + SPAWN_WATCH_MS : -1,
		.watch = watch,
	};
	struct spawn_result result = { 0 };
	struct sigchld held;
	int ret;

	ret = sigchld_hold(&held);
	if (ret)
		return ret;

	ret = run(argv, &patience, &result);
	sigchld_put_back(&held);
	if (ret)
		return ret;

	*ret_result = result;
	return 0;
}
