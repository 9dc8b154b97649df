/* SPDX-License-Identifier: GPL-2.0-only */
#include "process_tree.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>

#define PATH_SIZE 64		     /* "/proc/PID/task" and then some */
#define PID_LIMIT (4u * 1024 * 1024) /* pids are smaller, on any Linux */

/* A list that is its own queue: what is found goes to its end and is looked at later. */
struct walk {
	pid_t *pids;
	size_t count, room;
	unsigned char *found; /* a bit for each pid; few of its pages are used */
};

static bool is_gone(int error)
{
	return error == ENOENT || error == ESRCH;
}

/* A process whose parent ends while one looks can be found again, below another one. */
static bool found_before(struct walk *walk, unsigned int pid)
{
	unsigned char *byte = &walk->found[pid / CHAR_BIT];
	unsigned char bit = (unsigned char)(1u << pid % CHAR_BIT);
	bool before = *byte & bit;

	*byte |= bit;
	return before;
}

static int add(struct walk *walk, unsigned int pid)
{
	if (pid == 0 || pid >= PID_LIMIT)
		return -EBADMSG;
	if (found_before(walk, pid))
		return 0;

	if (walk->count == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 64;
		pid_t *pids = realloc(walk->pids, room * sizeof(*pids));

		if (!pids)
			return -ENOMEM;
		walk->pids = pids;
		walk->room = room;
	}

	walk->pids[walk->count++] = (pid_t)pid;
	return 0;
}

/* "12 345 ", in pieces: *@pid is what has been read of a number, 0 between numbers. */
static int take_children(struct walk *walk, const char *text, size_t size,
			 unsigned int *pid)
{
	for (const char *c = text; c < text + size; c++) {
		int ret;

		if (isdigit((unsigned char)*c) && *pid < PID_LIMIT) {
			*pid = *pid * 10 + (unsigned int)(*c - '0');
			continue;
		}

		ret = *c == ' ' ? add(walk, *pid) : -EBADMSG;
		if (ret)
			return ret;
		*pid = 0;
	}

	return 0;
}

/* Those that the thread @tid has forked, or that its process was left with. */
static int take_children_of(struct walk *walk, int tasks, const char *tid)
{
	char path[PATH_SIZE], text[4096];
	unsigned int pid = 0;
	ssize_t size;
	int ret, fd autoclose = -1;

	snprintf(path, sizeof(path), "%.16s/children", tid);
	fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		/* The thread is not there, or this file is nowhere. */
		return faccessat(tasks, tid, F_OK, 0) ? 0 : -ENOSYS;
	if (fd < 0)
		return is_gone(errno) ? 0 : -errno;

	do {
		size = read(fd, text, sizeof(text));
		if (size < 0)
			return is_gone(errno) ? 0 : -errno;

		ret = take_children(walk, text, (size_t)size, &pid);
		if (ret)
			return ret;
	} while (size > 0);

	return pid ? -EBADMSG : 0;
}

/* What has no memory any more runs no program. Cheaper than its state in "stat". */
static bool has_no_program(pid_t pid)
{
	char path[PATH_SIZE], program[1];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return readlink(path, program, sizeof(program)) < 0 && is_gone(errno);
}

/*
 * Take the children of @pid. *@ret_alive: it lives; if its first thread has ended, but
 * not the others, too.
 */
static int visit(struct walk *walk, pid_t pid, bool *ret_alive)
{
	DIR *tasks autoclosedir = NULL;
	const struct dirent *task;
	unsigned int threads = 0;
	char path[PATH_SIZE];
	int ret;

	*ret_alive = false;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return is_gone(errno) ? 0 : -errno;

	for (;;) {
		errno = 0;
		task = readdir(tasks);
		if (!task)
			break;
		if (!isdigit((unsigned char)task->d_name[0]))
			continue;

		ret = take_children_of(walk, dirfd(tasks), task->d_name);
		if (ret)
			return ret;
		threads++;
	}
	if (errno)
		return is_gone(errno) ? 0 : -errno;

	*ret_alive = threads > 1 || (threads == 1 && !has_no_program(pid));
	return 0;
}

/* Look at each in turn, and keep those that live. The list grows meanwhile. */
static int visit_all(struct walk *walk)
{
	size_t alive = 0;

	for (size_t i = 0; i < walk->count; i++) {
		pid_t pid = walk->pids[i];
		bool is_alive;
		int ret;

		ret = visit(walk, pid, &is_alive);
		if (ret)
			return ret;
		if (i == 0 && !is_alive)
			return -ESRCH;
		if (is_alive)
			walk->pids[alive++] = pid;
	}

	walk->count = alive;
	return 0;
}

int process_tree_list(pid_t root, pid_t **ret_pids, size_t *ret_count)
{
	struct walk walk = { 0 };
	int ret;

	if (root <= 0 || root >= (pid_t)PID_LIMIT)
		return -ESRCH;

	walk.found = calloc(PID_LIMIT / CHAR_BIT, 1);
	ret = walk.found ? add(&walk, (unsigned int)root) : -ENOMEM;
	if (!ret)
		ret = visit_all(&walk);
	free(walk.found);
	if (ret) {
		free(walk.pids);
		return ret;
	}

	*ret_pids = walk.pids;
	*ret_count = walk.count;
	return 0;
}
