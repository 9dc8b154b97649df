/* SPDX-License-Identifier: GPL-2.0-only */
#include "watch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "by_hand.h"
#include "clock.h"
#include "display.h"
#include "foreign_text.h"
#include "log_tail.h"
#include "scene.h"
#include "view.h"
#include "workplace.h"

#define PROGRAM	    "criu-cuda: "
#define PATIENCE_MS 3000 /* for somebody to begin */
#define NAP_MS	    100	 /* between looks for that */
#define NO_LOG_SAYS "ended; no log says how"

struct watching {
	struct display display;
	struct scene scene;
	struct pace pace;
	int64_t began_ms;
};

static int fail(const char *place, int error, const char *reason)
{
	fputs(PROGRAM, stderr);
	foreign_text_print(stderr, place);
	fprintf(stderr, ": %s\n", reason);
	return error;
}

/* --- where -------------------------------------------------------------------------- */

/* Return: 0 if it is none. */
static pid_t parse_pid(const char *text)
{
	char *end = NULL;
	long pid;

	if (!isdigit((unsigned char)*text))
		return 0;

	errno = 0;
	pid = strtol(text, &end, 10);
	return errno || *end || pid > INT_MAX ? 0 : (pid_t)pid;
}

static const char *reason_of(int error)
{
	switch (error) {
	case -ENOENT:
		return "nobody is at work on this process";
	case -ENOTDIR:
		return "its CRIU shows no directory yet: name it";
	default:
		return strerror(-error);
	}
}

/* One that has just begun has no images yet. */
static int find_directory(pid_t pid)
{
	const int64_t end = clock_ms() + PATIENCE_MS;
	int ret;

	while ((ret = workplace_of(pid)) == -ENOTDIR || ret == -ENOENT) {
		if (clock_ms() >= end)
			break;
		clock_sleep_ms(NAP_MS);
	}

	return ret;
}

/* --- looking on --------------------------------------------------------------------- */

static bool is_at_work(const struct scene *scene)
{
	return scene->criu || scene->guardian;
}

/* Return: 0 when there is somebody; -ESRCH; another -errno. */
static int await_somebody(struct scene *scene)
{
	const int64_t end = clock_ms() + PATIENCE_MS;
	int ret;

	while ((ret = scene_look(scene)) == 0 && !is_at_work(scene)) {
		if (clock_ms() >= end)
			return -ESRCH;
		clock_sleep_ms(NAP_MS);
	}

	return ret;
}

static void show(struct watching *watching)
{
	const struct scene *scene = &watching->scene;
	const bool has_image = scene->image[0];
	struct log_tail tail;
	const struct view view = {
		.scene = scene,
		.pace = &watching->pace,
		.log_line = tail.line,
		.seconds = (uint64_t)(clock_ms() - watching->began_ms) / 1000,
		.has_bar = watching->display.is_terminal,
	};
	char line[VIEW_SIZE];

	log_tail_read(scene->log_fd, &tail);
	pace_note(&watching->pace, has_image ? scene->inode : 0,
		  has_image ? scene->done : scene->pages_bytes, clock_ms());
	view_describe(&view, line);
	display_show(&watching->display, line);
}

/* The one that is at work has ended. */
static bool is_over(void *subject)
{
	const struct scene *scene = subject;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d",
		 (int)(scene->criu ? scene->criu : scene->guardian));
	return access(path, F_OK) < 0;
}

static int say_end(const struct watching *watching)
{
	static const struct {
		enum watch_end end;
		const char *text;
	} ends[] = {
		[LOG_SAYS_NOTHING] = { WATCH_UNKNOWN, NO_LOG_SAYS },
		[LOG_SAYS_DONE] = { WATCH_DONE, "ended: all went well" },
		[LOG_SAYS_FAILED] = { WATCH_FAILED, "failed: CRIU's log says why" },
	};
	struct log_tail tail;

	log_tail_read(watching->scene.log_fd, &tail);
	display_end(&watching->display, ends[tail.outcome].text);
	return ends[tail.outcome].end;
}

static int look_on(struct watching *watching, const char *place)
{
	int ret;

	ret = await_somebody(&watching->scene);
	if (ret)
		return fail(place, ret,
			    ret == -ESRCH ? "no CRIU that can be seen is at work on it"
					  : strerror(-ret));

	while (!ret && is_at_work(&watching->scene)) {
		show(watching);
		display_nap(&watching->display, is_over, &watching->scene);
		ret = scene_look(&watching->scene);
	}
	if (ret)
		return fail(place, ret, strerror(-ret));

	return say_end(watching);
}

static int watch_directory(struct watching *watching, const char *place, int dirfd)
{
	int ret;

	scene_open(&watching->scene, dirfd);
	ret = look_on(watching, place);
	scene_release(&watching->scene);
	return ret;
}

static int watch_process(struct watching *watching, const char *place, pid_t pid)
{
	const int ret = find_directory(pid);

	if (ret >= 0)
		return watch_directory(watching, place, ret);
	if (ret != -ENOENT || !by_hand_is_at_work(pid))
		return fail(place, ret, reason_of(ret));

	by_hand_watch(&watching->display, pid);
	display_end(&watching->display, NO_LOG_SAYS);
	return WATCH_UNKNOWN;
}

int watch_work(const struct watch_order *order)
{
	struct watching watching = { .began_ms = clock_ms() };
	const pid_t pid = parse_pid(order->place);
	int fd;

	display_init(&watching.display, order->interval_s);
	if (pid)
		return watch_process(&watching, order->place, pid);

	fd = openat(AT_FDCWD, order->place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(order->place, -errno, strerror(errno));

	return watch_directory(&watching, order->place, fd);
}
