/* SPDX-License-Identifier: GPL-2.0-only */
#include "image_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define COMMAND_LINE  "/proc/self/cmdline"

/* --- the directory ------------------------------------------------------------------ */

static int check_directory(int dirfd, char *ret_reason)
{
	struct stat stat;

	if (dirfd < 0)
		return reason_set(ret_reason, -EBADF, "CRIU has no image directory");
	if (fstat(dirfd, &stat) < 0)
		return reason_set(ret_reason, -errno,
				  "cannot look at the image directory: %s",
				  strerror(errno));
	if (!S_ISDIR(stat.st_mode))
		return reason_set(ret_reason, -ENOTDIR,
				  "where the images go is no directory");
	/* Not by the ids of who started CRIU, but by those with which it writes. */
	if (faccessat(dirfd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return reason_set(ret_reason, -errno,
				  "cannot write to the image directory: %s",
				  strerror(errno));

	return 0;
}

/* The sockets of criu-image-streamer: it has made them before CRIU is started. */
static int check_sockets(int dirfd, char *ret_reason)
{
	static const char *const sockets[] = { "streamer-capture.sock",
					       "streamer-serve.sock" };

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		if (faccessat(dirfd, sockets[i], F_OK, 0) == 0)
			return reason_set(ret_reason, -ESPIPE,
					  "the images go into a stream: %s is in the "
					  "image directory",
					  sockets[i]);
		if (errno != ENOENT)
			return reason_set(ret_reason, -errno,
					  "cannot look for %s in the image directory: %s",
					  sockets[i], strerror(errno));
	}

	return 0;
}

/* --- how CRIU was started ----------------------------------------------------------- */

/* CRIU takes an option by any beginning that is of no other option, and no other word. */
static bool is_option(const char *word, const char *option)
{
	const size_t length = strlen(word);

	return length > strlen("--") && strncmp(word, option, length) == 0;
}

static int check_word(const char *word, char *ret_reason)
{
	if (is_option(word, "--stream"))
		return reason_set(ret_reason, -ESPIPE,
				  "the images go into a stream: CRIU has the option "
				  "--stream");
	if (is_option(word, "--page-server"))
		return reason_set(ret_reason, -EREMOTE,
				  "memory goes to another machine: CRIU has the option "
				  "--page-server");

	return 0;
}

static int check_command_line(char *ret_reason)
{
	FILE *file autofclose = fopen(COMMAND_LINE, "re");
	char *word autofree = NULL;
	size_t size = 0;
	int ret = 0;

	if (!file)
		return reason_set(ret_reason, -errno, "cannot open %s: %s", COMMAND_LINE,
				  strerror(errno));

	errno = 0;
	while (!ret && getdelim(&word, &size, '\0', file) >= 0) {
		/* What follows is a command that CRIU runs. */
		if (strcmp(word, "--") == 0)
			return 0;
		ret = check_word(word, ret_reason);
	}
	if (!ret && !feof(file))
		ret = reason_set(ret_reason, errno ? -errno : -EIO, "cannot read %s: %s",
				 COMMAND_LINE, strerror(errno ? errno : EIO));

	return ret;
}

int image_place_check(int dirfd, char ret_reason[REASON_MAX])
{
	int ret;

	ret = check_directory(dirfd, ret_reason);
	if (!ret)
		ret = check_sockets(dirfd, ret_reason);
	if (!ret)
		ret = check_command_line(ret_reason);

	return ret;
}
