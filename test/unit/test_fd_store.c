/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Open files from one end of a store to the other, in one process and between two.
 */
#include "fd_store.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define TEXT "what is in the file"

static struct fd_store store;

static int open_store(void **state)
{
	(void)state;
	return fd_store_open(&store);
}

static int close_store(void **state)
{
	(void)state;
	fd_store_close(&store);
	return 0;
}

/* A file that has no name any more. */
static int new_file(void)
{
	char name[] = "/tmp/test_fd_store.XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, TEXT, sizeof(TEXT)), sizeof(TEXT));
	assert_int_equal(unlink(name), 0);
	return fd;
}

static void put_new_file(pid_t key)
{
	int fd autoclose = new_file();

	assert_int_equal(fd_store_put(&store, key, fd), 0);
}

static void check_has_file(pid_t key)
{
	char text[sizeof(TEXT)];
	int fd autoclose = -1;
	pid_t got;

	assert_int_equal(fd_store_take(store.out, &got, &fd), 0);
	assert_int_equal(got, key);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(pread(fd, text, sizeof(text), 0), sizeof(TEXT));
	assert_string_equal(text, TEXT);
}

static void check_take(int error)
{
	pid_t key;
	int fd;

	assert_int_equal(fd_store_take(store.out, &key, &fd), error);
}

static void files_come_out_as_they_went_in(void **state)
{
	(void)state;
	check_take(-EAGAIN);
	for (pid_t key = 1; key < 20; key++)
		put_new_file(key);
	for (pid_t key = 1; key < 20; key++)
		check_has_file(key);
	check_take(-EAGAIN);
}

static void file_outlives_who_put_it_in(void **state)
{
	pid_t other = fork();
	int status;

	(void)state;
	if (other == 0) {
		put_new_file(7);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_true(WIFSIGNALED(status));
	close(store.in);
	store.in = -1;

	check_has_file(7);
	check_take(-EPIPE);
}

static void nobody_to_take_is_an_error(void **state)
{
	(void)state;
	close(store.out);
	store.out = -1;

	assert_int_equal(fd_store_put(&store, 1, STDIN_FILENO), -EPIPE);
}

static void nobody_to_take_what_is_in_there_is_the_same(void **state)
{
	(void)state;
	put_new_file(1);
	close(store.out);
	store.out = -1;

	assert_int_equal(fd_store_put(&store, 1, STDIN_FILENO), -EPIPE);
	assert_int_equal(fd_store_put(&store, 1, STDIN_FILENO), -EPIPE);
}

static void no_file_is_an_error(void **state)
{
	struct fd_store closed = FD_STORE_CLOSED;

	(void)state;
	assert_int_equal(fd_store_put(&store, 1, -1), -EBADF);
	assert_int_equal(fd_store_put(&closed, 1, STDIN_FILENO), -EBADF);
	check_take(-EAGAIN);
}

static void full_store_is_an_error_and_loses_nothing(void **state)
{
	struct timespec began, ended;
	pid_t count = 0, key;
	int ret, fd;

	(void)state;
	while ((ret = fd_store_put(&store, count, STDIN_FILENO)) == 0)
		count++;

	assert_int_equal(ret, -EAGAIN);
	assert_true(count > 100);
	/* Who has waited once does not again. */
	clock_gettime(CLOCK_MONOTONIC, &began);
	for (int i = 0; i < 20; i++)
		assert_int_equal(fd_store_put(&store, count, STDIN_FILENO), -EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	assert_in_range(ended.tv_sec - began.tv_sec, 0, 3);
	for (pid_t i = 0; i < count; i++) {
		assert_int_equal(fd_store_take(store.out, &key, &fd), 0);
		assert_int_equal(key, i);
		close(fd);
	}
}

/* Its room comes from another process, while it waits. */
static void full_store_waits_for_who_takes(void **state)
{
	const struct timespec moment = { .tv_nsec = 100 * 1000 * 1000 };
	pid_t other, key;
	int fd;

	(void)state;
	while (fd_store_put(&store, 1, STDIN_FILENO) == 0)
		;
	store.is_stuck = false;
	other = fork();
	if (other == 0) {
		nanosleep(&moment, NULL);
		while (fd_store_take(store.out, &key, &fd) == 0)
			close(fd);
		_exit(0);
	}

	assert_int_equal(fd_store_put(&store, 1, STDIN_FILENO), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
}

static void what_has_no_file_is_told_and_passed(void **state)
{
	const pid_t key = 5;

	(void)state;
	assert_int_equal(send(store.in, &key, sizeof(key), 0), sizeof(key));
	assert_int_equal(send(store.in, "x", 1, 0), 1);
	put_new_file(6);

	check_take(-EBADMSG);
	check_take(-EBADMSG);
	check_has_file(6);
}

static void one_that_has_no_room_for_the_file_is_told(void **state)
{
	struct rlimit before, none;

	(void)state;
	put_new_file(3);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	check_take(-EBADMSG);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void without_descriptors_there_is_no_store(void **state)
{
	struct fd_store other;
	struct rlimit before, none;
	int ret;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	ret = fd_store_open(&other);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);

	assert_int_equal(ret, -EMFILE);
	assert_true(other.in == -1 && other.out == -1);
	fd_store_close(&other);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(files_come_out_as_they_went_in),
		CASE(file_outlives_who_put_it_in),
		CASE(nobody_to_take_is_an_error),
		CASE(nobody_to_take_what_is_in_there_is_the_same),
		CASE(no_file_is_an_error),
		CASE(full_store_is_an_error_and_loses_nothing),
		CASE(full_store_waits_for_who_takes),
		CASE(what_has_no_file_is_told_and_passed),
		CASE(one_that_has_no_room_for_the_file_is_told),
		CASE(without_descriptors_there_is_no_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
