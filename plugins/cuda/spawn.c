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

int spawn_start(const char *const argv[], struct spawn *ret_spawn)
{
	int write_end[2] = { -1, -1 };
	int ret;

	memset(ret_spawn, 0, sizeof(*ret_spawn));
	ret_spawn->pidfd = ret_spawn->pipe[0] = ret_spawn->pipe[1] = -1;

	ret = open_pipe(&ret_spawn->pipe[0], &write_end[0]);
	if (!ret)
		ret = open_pipe(&ret_spawn->pipe[1], &write_end[1]);
	if (!ret)
		ret = start_with_streams(argv, write_end, &ret_spawn->pid);

	close_if_open(&write_end[0]);
	close_if_open(&write_end[1]);
	if (ret) {
		spawn_leave(ret_spawn);
		return ret;
	}

	ret_spawn->pidfd = (int)syscall(SYS_pidfd_open, ret_spawn->pid, 0);
	return 0;
}

void spawn_leave(struct spawn *spawn)
{
	close_if_open(&spawn->pipe[0]);
	close_if_open(&spawn->pipe[1]);
	close_if_open(&spawn->pidfd);
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
		if (got > 0 && room) {
			output->length += (size_t)got;
			output->text[output->length] = '\0';
		} else if (got > 0)
			output->truncated = true;
		else if (got < 0 && errno == EINTR)
			continue;
		else if (got < 0 && errno == EAGAIN)
			return;
		else
			close_if_open(fd);
	}
}

static void drain_both(struct spawn *spawn)
{
	drain(&spawn->pipe[0], &spawn->result.out);
	drain(&spawn->pipe[1], &spawn->result.err);
}

int spawn_reap(struct spawn *spawn)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(spawn->pid, &status, WNOHANG);
	} while (pid < 0 && errno == EINTR);

	if (pid == 0)
		return 0;
	if (pid < 0) {
		const int ret = -errno;

		spawn_leave(spawn);
		return ret;
	}

	spawn->result.status =
		WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	drain_both(spawn);
	spawn_leave(spawn);
	return 1;
}

/* How long to sleep at most, for poll(). */
static int left_until(int64_t end, bool all_have_pidfds)
{
	int64_t left = -1;

	if (end >= 0) {
		left = end - clock_ms();
		left = left < 0 ? 0 : left;
	}
	if (!all_have_pidfds && (left < 0 || left > NO_PIDFD_POLL_MS))
		left = NO_PIDFD_POLL_MS;

	return left > INT32_MAX ? INT32_MAX : (int)left;
}

void spawn_wait(struct spawn *const spawns[], size_t count, int other, int64_t end)
{
	struct pollfd fds[3 * SPAWN_AT_ONCE_MAX + 1] = { { other, POLLIN, 0 } };
	bool all_have_pidfds = true;
	nfds_t used = 1;

	for (size_t i = 0; i < count; i++) {
		const struct spawn *spawn = spawns[i];
		const int watched[] = { spawn->pidfd, spawn->pipe[0], spawn->pipe[1] };

		for (size_t j = 0; j < 3; j++)
			fds[used++] =
				(struct pollfd){ .fd = watched[j], .events = POLLIN };
		all_have_pidfds &= spawn->pidfd >= 0;
	}

	(void)poll(fds, used, left_until(end, all_have_pidfds));
	for (size_t i = 0; i < count; i++)
		drain_both(spawns[i]);
}

/* The utility may be a script: what it runs goes with it. */
int spawn_kill(struct spawn *spawn)
{
	const int64_t end = clock_ms() + SPAWN_GRACE_MS;
	int ret;

	kill(-spawn->pid, SIGKILL);
	kill(spawn->pid, SIGKILL);

	/* One that is stuck in the kernel does not die: it is left, and not waited for.
	 */
	while ((ret = spawn_reap(spawn)) == 0 && clock_ms() < end)
		spawn_wait(&spawn, 1, -1, end);
	if (ret == 0)
		spawn_leave(spawn);

	return ret < 0 ? ret : 0;
}

static int finish(struct spawn *spawn, int64_t deadline)
{
	int ret;

	while ((ret = spawn_reap(spawn)) == 0) {
		if (deadline >= 0 && clock_ms() >= deadline) {
			(void)spawn_kill(spawn);
			return -ETIMEDOUT;
		}
		spawn_wait(&spawn, 1, -1, deadline);
	}

	return ret < 0 ? ret : 0;
}

static int run(const char *const argv[], unsigned int timeout_ms, struct spawn *spawn)
{
	const int64_t deadline = timeout_ms ? clock_ms() + timeout_ms : -1;
	int ret;

	ret = spawn_start(argv, spawn);
	return ret ? ret : finish(spawn, deadline);
}

int spawn_run(const char *const argv[], unsigned int timeout_ms,
	      struct spawn_result *ret_result)
{
	struct sigchld held;
	struct spawn spawn;
	int ret;

	ret = sigchld_hold(&held);
	if (ret)
		return ret;

	ret = run(argv, timeout_ms, &spawn);
	sigchld_put_back(&held);
	if (ret)
		return ret;

	*ret_result = spawn.result;
	return 0;
}
