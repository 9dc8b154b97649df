/* SPDX-License-Identifier: GPL-2.0-only */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "image_set.h"
#include "open_files.h"

/* A GPU memory image in the directory. */
struct sight {
	char name[SCENE_NAME_SIZE];
	bool is_part;
	struct stat stat;
	bool is_in_use;
	uint64_t position;
};

struct look {
	struct scene *scene;
	struct stat directory;
	struct sight *sights; /* owned */
	size_t count;
	bool has_directory; /* the process that is looked at: has it the directory open */
	bool has_log;	    /* the same of a log */
	struct open_file log;
};

void scene_open(struct scene *scene, int dirfd)
{
	*scene = (struct scene){ .dirfd = dirfd, .log_fd = -1 };
}

void scene_release(struct scene *scene)
{
	cleanup_close(&scene->dirfd);
	cleanup_close(&scene->log_fd);
	scene->dirfd = scene->log_fd = -1;
}

static bool is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* --- the processes ------------------------------------------------------------------ */

static void see_file(void *subject, const struct open_file *file)
{
	struct look *look = subject;
	uint64_t position;

	look->has_directory |= is_same(&file->stat, &look->directory);
	if (!S_ISREG(file->stat.st_mode))
		return;
	for (size_t i = 0; i < look->count; i++) {
		struct sight *sight = &look->sights[i];

		if (!is_same(&file->stat, &sight->stat))
			continue;
		position = open_file_position(file);
		sight->is_in_use = true;
		if (position > sight->position)
			sight->position = position;
		return;
	}
	/* The last: CRIU has its log up high, and what it prints may go to another. */
	if (open_file_is_named(file, ".log")) {
		look->has_log = true;
		look->log = *file;
	}
}

static void see_process(void *subject, const struct criu_process *process)
{
	struct look *look = subject;
	struct scene *scene = look->scene;

	look->has_directory = look->has_log = false;
	open_files_walk(process->pid, see_file, look);
	if (!look->has_directory)
		return;

	if (process->is_guardian) {
		scene->guardian = process->pid;
		return;
	}
	/* A restore has children that are CRIU, too, for a while. */
	if (!scene->criu || process->pid < scene->criu)
		scene->criu = process->pid;
	if (process->work != CRIU_WORK_UNKNOWN)
		scene->work = process->work;
	if (scene->log_fd < 0 && look->has_log) {
		const int fd = open_file_share(&look->log, 0);

		scene->log_fd = fd < 0 ? -1 : fd;
	}
}

/* --- the images --------------------------------------------------------------------- */

/* What has gone since its name was read is passed over. */
static void add_sights(struct look *look, const struct image_set_pids *pids, bool is_part)
{
	for (size_t i = 0; i < pids->count; i++) {
		struct sight *sight = &look->sights[look->count];
		char name[MEMORY_IMAGE_NAME_SIZE];

		memory_image_name(pids->at[i], name);
		snprintf(sight->name, sizeof(sight->name), "%s%s", name,
			 is_part ? MEMORY_IMAGE_PART : "");
		sight->is_part = is_part;
		if (fstatat(look->scene->dirfd, sight->name, &sight->stat, 0) == 0)
			look->count++;
	}
}

static int see_images(struct look *look)
{
	struct image_set set autorelease_set = IMAGE_SET_NONE;
	struct scene *scene = look->scene;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", scene->dirfd);
	ret = image_set_find(path, &set);
	if (ret)
		return ret;

	scene->images = set.images.count;
	scene->parts = set.parts.count;
	scene->pages_bytes = set.pages_bytes;
	look->sights = calloc(scene->images + scene->parts + 1, sizeof(*look->sights));
	if (!look->sights)
		return -ENOMEM;

	add_sights(look, &set.parts, true);
	add_sights(look, &set.images, false);
	return 0;
}

static void choose_image(struct look *look)
{
	struct scene *scene = look->scene;

	scene->image[0] = '\0';
	for (size_t i = 0; i < look->count && !scene->image[0]; i++) {
		const struct sight *sight = &look->sights[i];
		struct memory_image_header header;

		if (!sight->is_in_use || (!sight->is_part && !sight->position) ||
		    memory_image_peek(scene->dirfd, sight->name, &header) ||
		    (!sight->is_part && sight->position >= header.length))
			continue;

		memcpy(scene->image, sight->name, sizeof(scene->image));
		scene->image_pid = header.pid;
		scene->is_written = sight->is_part;
		scene->inode = sight->stat.st_ino;
		scene->bytes = header.length;
		scene->done =
			sight->position < header.length ? sight->position : header.length;
	}
}

int scene_look(struct scene *scene)
{
	struct look look = { .scene = scene };
	int ret;

	if (fstat(scene->dirfd, &look.directory) < 0)
		return -errno;
	ret = see_images(&look);
	if (ret)
		return ret;

	scene->criu = scene->guardian = 0;
	criu_process_walk(see_process, &look);
	choose_image(&look);
	free(look.sights);
	return 0;
}
