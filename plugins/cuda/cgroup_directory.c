/* SPDX-License-Identifier: GPL-2.0-only */
#include "cgroup_directory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char controller[] = "memory";

/* One line of mountinfo, cut into its parts. */
struct mount {
	char *root; /* the cgroup that is mounted */
	char *point;
	const char *type;
	const char *options; /* of the file system: a v1 hierarchy's controllers */
};

/* Is @word one of the words in @list, which has commas between them? */
static bool has_word(const char *list, const char *word)
{
	const size_t length = strlen(word);

	while (list) {
		if (strncmp(list, word, length) == 0 && strchr(",", list[length]))
			return true;

		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}

	return false;
}

/* --- the cgroup's name, of /proc/PID/cgroup ------------------------------------ */

/* "4:cpu,memory:/a/b\n": the path, if it is the line of @version; the line is cut. */
static const char *path_in_line(char *line, enum cgroup_version version)
{
	const char *id = strsep(&line, ":"), *controllers = strsep(&line, ":");

	if (!line || *line != '/')
		return NULL;
	if (version == CGROUP_V2 ? strcmp(id, "0") != 0 || *controllers
				 : !has_word(controllers, controller))
		return NULL;

	line[strcspn(line, "\n")] = '\0';
	return line;
}

static int read_name(pid_t pid, enum cgroup_version version, char **ret_name)
{
	FILE *file autofclose = NULL;
	char *line autofree = NULL;
	char path[64];
	size_t size = 0;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -ESRCH : -errno;

	errno = 0;
	while (getline(&line, &size, file) >= 0) {
		const char *name = path_in_line(line, version);

		if (!name)
			continue;

		*ret_name = strdup(name);
		return *ret_name ? 0 : -ENOMEM;
	}

	return feof(file) ? -ENOENT : -errno;
}

/* --- where that is mounted, of /proc/self/mountinfo ---------------------------- */

/* The kernel writes blanks and backslashes as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		unsigned int code;

		if (sscanf(text, "\\%3o", &code) == 1) {
			*to = (char)code;
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* "31 23 0:28 ROOT POINT rw shared:9 - TYPE SOURCE OPTIONS\n" */
static bool parse_mount(char *line, struct mount *ret_mount)
{
	char *first[6], *word;

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < 6; i++) {
		first[i] = strsep(&line, " ");
		if (!line)
			return false;
	}
	do
		word = strsep(&line, " ");
	while (word && strcmp(word, "-") != 0);

	ret_mount->root = first[3];
	ret_mount->point = first[4];
	ret_mount->type = strsep(&line, " ");
	(void)strsep(&line, " ");
	ret_mount->options = line;
	unescape(ret_mount->root);
	unescape(ret_mount->point);
	return ret_mount->type && ret_mount->options;
}

static bool is_hierarchy(const struct mount *mount, enum cgroup_version version)
{
	if (version == CGROUP_V2)
		return strcmp(mount->type, "cgroup2") == 0;

	return strcmp(mount->type, "cgroup") == 0 && has_word(mount->options, controller);
}

/*
 * The rest of @name below @root, both relative to our cgroup namespace; NULL if it is
 * not below it. A name that begins with ".." is outside of the namespace.
 */
static const char *below(const char *root, const char *name)
{
	size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
	const char *rest = name + length;

	if (strncmp(name, root, length) != 0 || (*rest && *rest != '/'))
		return NULL;
	if (strncmp(rest, "/..", 3) == 0 && (!rest[3] || rest[3] == '/'))
		return NULL;

	return strcmp(rest, "/") == 0 ? "" : rest;
}

static int join(const struct mount *mount, const char *rest,
		struct cgroup_directory *directory)
{
	char *path;

	if (asprintf(&path, "%s%s", mount->point, rest) < 0)
		return -ENOMEM;

	cgroup_directory_release(directory);
	directory->path = path;
	directory->length = strlen(mount->point);
	return 0;
}

/* Of several mounts the one that shows most cgroups above; the later hides the earlier.
 */
static int find_mount(const char *name, enum cgroup_version version,
		      struct cgroup_directory *directory)
{
	FILE *file autofclose = fopen("/proc/self/mountinfo", "re");
	char *line autofree = NULL;
	size_t size = 0, least = SIZE_MAX;
	int ret;

	if (!file)
		return -errno;

	errno = 0;
	while (getline(&line, &size, file) >= 0) {
		struct mount mount;
		const char *rest;

		if (!parse_mount(line, &mount) || !is_hierarchy(&mount, version))
			continue;

		rest = below(mount.root, name);
		if (!rest || strlen(mount.root) > least)
			continue;

		least = strlen(mount.root);
		ret = join(&mount, rest, directory);
		if (ret)
			return ret;
	}
	if (!feof(file))
		return -errno;

	return directory->path ? 0 : -ENOENT;
}

int cgroup_directory_of(pid_t pid, enum cgroup_version version,
			struct cgroup_directory *ret_directory)
{
	struct cgroup_directory directory = { .path = NULL };
	char *name autofree = NULL;
	int ret;

	ret = read_name(pid, version, &name);
	if (!name)
		return ret;

	ret = find_mount(name, version, &directory);
	if (ret) {
		cgroup_directory_release(&directory);
		return ret;
	}

	*ret_directory = directory;
	return 0;
}

void cgroup_directory_release(struct cgroup_directory *directory)
{
	free(directory->path);
	directory->path = NULL;
}
