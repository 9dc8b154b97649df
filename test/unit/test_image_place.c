/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real directories, and a command line that is made up.
 */
#include "image_place.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define UNTOUCHED     "untouched"

/* Words with a NUL behind each, as the kernel has them; a literal brings the last. */
struct command_line {
	const char *words;
	size_t size;
};

#define COMMAND_LINE(text)                            \
	{                                             \
		.words = (text), .size = sizeof(text) \
	}

static struct command_line command_line;
static int open_error, read_error, stat_error, access_error; /* errnos */
static const char *access_fails; /* the path for which access_error is */
static char folder[32], reason[REASON_MAX];
static int dirfd_of_images;

/* --- the world ---------------------------------------------------------------------- */

static ssize_t fail_to_read(void *cookie, char *buffer, size_t size)
{
	(void)cookie;
	(void)buffer;
	(void)size;
	errno = read_error;
	return -1;
}

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	assert_string_equal(path, "/proc/self/cmdline");
	assert_string_equal(mode, "re");
	errno = open_error;
	if (open_error)
		return NULL;
	if (read_error)
		return fopencookie(NULL, "r",
				   (cookie_io_functions_t){ .read = fail_to_read });

	return fmemopen((void *)command_line.words, command_line.size, "r");
}

int __real_fstat(int fd, struct stat *ret_stat);
int __wrap_fstat(int fd, struct stat *ret_stat);
int __wrap_fstat(int fd, struct stat *ret_stat)
{
	errno = stat_error;
	return stat_error ? -1 : __real_fstat(fd, ret_stat);
}

int __real_faccessat(int fd, const char *path, int mode, int flags);
int __wrap_faccessat(int fd, const char *path, int mode, int flags);
int __wrap_faccessat(int fd, const char *path, int mode, int flags)
{
	if (!access_fails || strcmp(path, access_fails) != 0)
		return __real_faccessat(fd, path, mode, flags);

	errno = access_error;
	return -1;
}

static void add_file(const char *name)
{
	const int fd =
		openat(dirfd_of_images, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* An empty directory that may be written to, and an ordinary CRIU. */
static int begin(void **state)
{
	(void)state;
	command_line = (struct command_line)COMMAND_LINE("criu\0dump\0-t\0"
							 "7\0-D\0/images");
	open_error = read_error = stat_error = access_error = 0;
	access_fails = NULL;
	snprintf(reason, sizeof(reason), UNTOUCHED);
	snprintf(folder, sizeof(folder), "/tmp/test_image_place.XXXXXX");
	if (!mkdtemp(folder))
		return -1;

	dirfd_of_images = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dirfd_of_images < 0;
}

static int end(void **state)
{
	static const char *const names[] = { "streamer-capture.sock",
					     "streamer-serve.sock", "file" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlinkat(dirfd_of_images, names[i], 0);
	close(dirfd_of_images);
	return rmdir(folder);
}

static void assert_refused(int dirfd, int error, const char *expected)
{
	assert_int_equal(image_place_check(dirfd, reason), error);
	assert_string_equal(reason, expected);
}

static void assert_taken(void)
{
	assert_int_equal(image_place_check(dirfd_of_images, reason), 0);
	assert_string_equal(reason, UNTOUCHED);
}

/* --- the directory ------------------------------------------------------------------ */

static void a_directory_that_can_be_written_to_is_taken(void **state)
{
	(void)state;
	add_file("file");
	assert_taken();
}

static void no_directory_no_images(void **state)
{
	(void)state;
	assert_refused(-1, -EBADF, "CRIU has no image directory");
	assert_refused(-EBADF, -EBADF, "CRIU has no image directory");
}

static void a_file_is_no_directory(void **state)
{
	int fd;

	(void)state;
	add_file("file");
	fd = openat(dirfd_of_images, "file", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);

	assert_refused(fd, -ENOTDIR, "where the images go is no directory");

	close(fd);
	assert_refused(fd, -EBADF,
		       "cannot look at the image directory: Bad file descriptor");
}

static void a_directory_that_cannot_be_written_to_is_refused(void **state)
{
	(void)state;
	access_fails = ".";
	access_error = EROFS;
	assert_refused(dirfd_of_images, -EROFS,
		       "cannot write to the image directory: Read-only file system");
	access_error = EACCES;
	assert_refused(dirfd_of_images, -EACCES,
		       "cannot write to the image directory: Permission denied");
}

static void a_directory_that_is_gone_is_refused(void **state)
{
	(void)state;
	stat_error = EIO;
	assert_refused(dirfd_of_images, -EIO,
		       "cannot look at the image directory: Input/output error");
}

/* --- a stream ----------------------------------------------------------------------- */

static void sockets_of_the_streamer_tell_of_a_stream(void **state)
{
	(void)state;
	add_file("streamer-serve.sock");
	assert_refused(dirfd_of_images, -ESPIPE,
		       "the images go into a stream: streamer-serve.sock is in the image "
		       "directory");
	add_file("streamer-capture.sock");
	assert_refused(dirfd_of_images, -ESPIPE,
		       "the images go into a stream: streamer-capture.sock is in the "
		       "image directory");
}

static void sockets_that_cannot_be_looked_for_are_an_error(void **state)
{
	(void)state;
	access_fails = "streamer-serve.sock";
	access_error = EIO;
	assert_refused(dirfd_of_images, -EIO,
		       "cannot look for streamer-serve.sock in the image directory: "
		       "Input/output error");
}

/* --- how CRIU was started ----------------------------------------------------------- */

/* clang-format off */
static const struct command_line others[] = {
	COMMAND_LINE(""),
	COMMAND_LINE("criu\0swrk\0" "3"),
	COMMAND_LINE("criu\0dump\0--"),
	COMMAND_LINE("criu\0dump\0-t\0" "7\0--\0sh\0--stream"),
	COMMAND_LINE("criu\0dump\0--streams"),
	COMMAND_LINE("criu\0dump\0--stream=1"),
	COMMAND_LINE("criu\0dump\0stream"),
	COMMAND_LINE("criu\0dump\0-stream"),
	COMMAND_LINE("criu\0dump\0page-server\0--port\0" "27"),
	COMMAND_LINE("criu\0dump\0--page-servers"),
	COMMAND_LINE("criu\0dump\0-D\0/--page-server"),
	COMMAND_LINE("criu\0dump\0--shell-job\0--pidfile\0/x\0--prev-images-dir\0/y"),
	COMMAND_LINE("criu\0dump\0\0\0"),
};

static const struct command_line streams[] = {
	COMMAND_LINE("criu\0dump\0--stream"),
	COMMAND_LINE("criu\0--stream\0dump\0-t\0" "7"),
	COMMAND_LINE("criu\0dump\0--strea\0-v4"),
	COMMAND_LINE("criu\0\0--str"),
};

static const struct command_line page_servers[] = {
	COMMAND_LINE("criu\0dump\0--page-server"),
	COMMAND_LINE("criu\0dump\0--page-server\0--address\0a\0--port\0" "27"),
	COMMAND_LINE("criu\0dump\0--page-ser\0--address\0a"),
};
/* clang-format on */

static void an_ordinary_criu_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		command_line = others[i];
		if (image_place_check(dirfd_of_images, reason))
			fail_msg("%zu: %s", i, reason);
	}
	assert_string_equal(reason, UNTOUCHED);
}

static void the_option_stream_tells_of_a_stream(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		command_line = streams[i];
		assert_refused(dirfd_of_images, -ESPIPE,
			       "the images go into a stream: CRIU has the option "
			       "--stream");
	}
}

static void a_page_server_is_another_machine(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(page_servers); i++) {
		command_line = page_servers[i];
		assert_refused(dirfd_of_images, -EREMOTE,
			       "memory goes to another machine: CRIU has the option "
			       "--page-server");
	}
}

static void a_command_line_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	open_error = EACCES;
	assert_refused(dirfd_of_images, -EACCES,
		       "cannot open /proc/self/cmdline: Permission denied");

	open_error = 0;
	read_error = EIO;
	assert_refused(dirfd_of_images, -EIO,
		       "cannot read /proc/self/cmdline: Input/output error");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_directory_that_can_be_written_to_is_taken),
		CASE(no_directory_no_images),
		CASE(a_file_is_no_directory),
		CASE(a_directory_that_cannot_be_written_to_is_refused),
		CASE(a_directory_that_is_gone_is_refused),
		CASE(sockets_of_the_streamer_tell_of_a_stream),
		CASE(sockets_that_cannot_be_looked_for_are_an_error),
		CASE(an_ordinary_criu_is_taken),
		CASE(the_option_stream_tells_of_a_stream),
		CASE(a_page_server_is_another_machine),
		CASE(a_command_line_that_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
