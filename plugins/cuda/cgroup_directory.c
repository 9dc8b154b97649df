/* SPDX-License-Identifier: GPL-2.0-only */
#include "cgroup_directory.h"

#include <errno.h>
#include <string.h>

/* Is @controller in @list, of words with commas between them? @list is cut. */
static bool has_controller(char *list, const char *controller)
{
	const char *word;

	while ((word = strsep(&list, ",\n")))
		if (strcmp(word, controller) == 0)
			return true;

	return false;
}

/* --- the cgroup's name, of /proc/PID/cgroup ---------------------------------------- */

/*
 * "4:cpu,memory:/a/b\n", of version 2 "0::/a/b\n": the name, if it is of @version and
 * @controller.
 */
static const char *name_in_line(char *line, enum cgroup_version version,
				const char *controller)
{
	char *controllers;

	(void)strsep(&line, ":");
	controllers = strsep(&line, ":");
	if (!line || *line != '/')
		return NULL;
	if (version == CGROUP_V2 ? *controllers
				 : !has_controller(controllers, controller))
		return NULL;

	line[strcspn(line, "\n")] = '\0';
	return line;
}

static int read_name(pid_t pid, enum cgroup_version version, const char *controller,
		     char **ret_name)
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
		const char *name = name_in_line(line, version, controller);

		if (!name)
			continue;

		*ret_name = strdup(name);
		return *ret_name ? 0 : -ENOMEM;
	}

	return feof(file) ? -ENOENT : -errno;
}

/* --- where that is mounted, of /proc/self/mountinfo -------------------------------- */

/* One line of mountinfo, cut into its parts. */
struct mount {
	char *root; /* the cgroup that is mounted */
	char *point;
	const char *type;
	char *options; /* of the file system: a v1 hierarchy's controllers */
};

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
	char *first[6], *rest = strstr(line, " - ");

	if (!rest)
		return false;

	*rest = '\0';
	rest += strlen(" - ");
	for (size_t i = 0; i < 6; i++)
		first[i] = strsep(&line, " ");
	ret_mount->root = first[3];
	ret_mount->point = first[4];
	ret_mount->type = strsep(&rest, " ");
	(void)strsep(&rest, " ");
	ret_mount->options = rest;
	if (!first[5] || !ret_mount->options)
		return false;

	unescape(ret_mount->root);
	unescape(ret_mount->point);
	return true;
}

static bool is_hierarchy(const struct mount *mount, enum cgroup_version version,
			 const char *controller)
{
	if (version == CGROUP_V2)
		return strcmp(mount->type, "cgroup2") == 0;

	return strcmp(mount->type, "cgroup") == 0 &&
	       has_controller(mount->options, controller);
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

/*
 * Of several mounts the one that shows most cgroups above @name: *@ret_point is where it
 * is, owned; *@ret_rest what follows there, a part of @name.
 */
static int find_mount(const char *name, enum cgroup_version version,
		      const char *controller, char **ret_point, const char **ret_rest)
{
	FILE *file autofclose = fopen("/proc/self/mountinfo", "re");
	char *line autofree = NULL, *point autofree = NULL;
	const char *rest = NULL;
	size_t size = 0;

	if (!file)
		return -errno;

	errno = 0;
	while (getline(&line, &size, file) >= 0) {
		struct mount mount;
		const char *here;

		if (!parse_mount(line, &mount))
			continue;
		/* What is mounted later in the same place hides it. */
		if (rest && strcmp(mount.point, point) == 0)
			rest = NULL;
		here = is_hierarchy(&mount, version, controller) ? below(mount.root, name)
								 : NULL;
		if (!here || (rest && strlen(here) < strlen(rest)))
			continue;

		rest = here;
		free(point);
		point = strdup(mount.point);
		if (!point)
			return -ENOMEM;
	}
	if (!feof(file))
		return -errno;
	if (!rest)
		return -ENOENT;

	*ret_point = point;
	point = NULL;
	*ret_rest = rest;
	return 0;
}

int cgroup_directory_of(pid_t pid, enum cgroup_version version, const char *controller,
			char **ret_path, size_t *ret_top)
{
	char *name autofree = NULL, *point autofree = NULL, *path;
	const char *rest;
	int ret;

	ret = read_name(pid, version, controller, &name);
	if (!name)
		return ret;

	ret = find_mount(name, version, controller, &point, &rest);
	if (!point)
		return ret;

	if (asprintf(&path, "%s%s", point, rest) < 0)
		return -ENOMEM;

	*ret_path = path;
	*ret_top = strlen(point);
	return 0;
}

bool cgroup_directory_up(char *path, size_t top)
{
	char *last = strrchr(path, '/');

	if (!last || last < path + top)
		return false;

	*last = '\0';
	return true;
}
