/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The look that each process of a tree gets: can it be a CUDA process? And what it costs.
 */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "proc_child.h"
#include "process_tree.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MAPPINGS      50000
#define PROCESSES     1000
#define LOOK_US	      50   /* at most, for one process */
#define PATIENCE_MS   5000 /* until a round is not disturbed */

/* --- /proc, and what of it is opened ------------------------------------------------ */

static unsigned int opened; /* so many files */
static int error;	    /* of what fails, or 0 */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	opened++;

	return __real_fopen(path, mode);
}

int __real_stat(const char *path, struct stat *ret_stat);
int __wrap_stat(const char *path, struct stat *ret_stat);
int __wrap_stat(const char *path, struct stat *ret_stat)
{
	if (!error)
		return __real_stat(path, ret_stat);

	errno = error;
	return -1;
}

/* --- the processes -------------------------------------------------------------------
 */

static char directory[] = "/tmp/test_proc_look.XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory) || chdir(directory) < 0)
		return -1;

	/* What a child leaves behind is ours to reap. */
	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int remove_directory(void **state)
{
	(void)state;

	return chdir("/") == 0 ? rmdir(directory) : -1;
}

static void map_libcuda(void)
{
	int fd = open("libcuda.so.1", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)PAGE) < 0 ||
	    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		_exit(1);
	unlink("libcuda.so.1");
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();

	return unused;
}

static void start_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL))
		_exit(1);
}

static void have_two_threads_and_libcuda(void)
{
	map_libcuda();
	start_thread();
}

/* --- claims ----------------------------------------------------------------------------
 */

static bool may_be(pid_t pid)
{
	bool may = false, other = true;

	assert_int_equal(proc_may_be_cuda(pid, &may), 0);
	assert_int_equal(proc_may_be_cuda(pid, &other), 0);
	assert_int_equal(may, other);

	return may;
}

static void process_with_a_single_thread_is_not_looked_into(void **state)
{
	(void)state;
	start_child(map_libcuda);
	opened = 0;

	assert_false(may_be(child));

	assert_int_equal(opened, 0);
}

static void process_with_several_threads_may_be_if_it_maps_libcuda(void **state)
{
	(void)state;
	start_child(start_thread);
	assert_false(may_be(child));
	end_child(NULL);

	start_child(have_two_threads_and_libcuda);
	assert_true(may_be(child));
	kill(child, SIGSTOP);
	assert_int_equal(waitpid(child, NULL, WUNTRACED), child);
	assert_true(may_be(child));
}

static void process_that_is_gone_is_esrch(void **state)
{
	const pid_t nobodies[] = { 0, -1, INT32_MAX };
	bool may = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nobodies); i++)
		assert_int_equal(proc_may_be_cuda(nobodies[i], &may), -ESRCH);
	start_zombie();
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(proc_may_be_cuda(child, &may), -ESRCH);
	child = -1;

	assert_true(may);
}

static void zombie_cannot_be(void **state)
{
	(void)state;
	start_zombie();

	assert_false(may_be(child));
}

static void process_whose_threads_cannot_be_seen_says_why(void **state)
{
	static const struct {
		int error;
		int ret;
	} errors[] = { { EACCES, -EACCES },
		       { ENOMEM, -ENOMEM },
		       { ENOENT, -ESRCH },
		       { ESRCH, -ESRCH } };
	bool may = true;

	(void)state;
	start_child(have_two_threads_and_libcuda);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		error = errors[i].error;

		assert_int_equal(proc_may_be_cuda(child, &may), errors[i].ret);
	}
	assert_true(may);
}

/* --- what it costs
 * ------------------------------------------------------------------------ */

/* Neighbours of different protection stay apart. */
static void map_very_much(void)
{
	char *memory = mmap(NULL, MAPPINGS * PAGE, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	for (size_t i = 0; i < MAPPINGS; i += 2) {
		if (mprotect(memory + i * PAGE, PAGE, PROT_NONE) < 0)
			_exit(1);
	}
}

/* One of them, in the middle, has very many mappings, and all map libcuda. */
static void fork_very_many(void)
{
	map_libcuda();
	for (int i = 1; i < PROCESSES; i++) {
		int done[2];
		pid_t pid;

		if (pipe2(done, O_CLOEXEC) < 0 || (pid = fork()) < 0)
			_exit(1);
		if (pid > 0) {
			char byte;

			close(done[1]);
			if (read(done[0], &byte, 1) != 1)
				_exit(1);
			close(done[0]);
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (i == PROCESSES / 2)
			map_very_much();
		if (write(done[1], "", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
}

/* Of this process, whatever else the machine is at. */
static double busy_us(void)
{
	struct timespec busy;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &busy);
	return (double)busy.tv_sec * 1e6 + (double)busy.tv_nsec / 1e3;
}

/* Microseconds for each of them. */
static double look_at_tree(void)
{
	pid_t *pids autofree = NULL;
	const double began = busy_us();
	size_t count = 0;

	assert_int_equal(process_tree_list(child, &pids, &count), 0);
	for (size_t i = 0; i < count; i++) {
		bool may = true;

		assert_int_equal(proc_may_be_cuda(pids[i], &may), 0);
		assert_false(may);
	}
	assert_int_equal(count, PROCESSES);

	return (busy_us() - began) / PROCESSES;
}

static void look_at_a_thousand_processes_is_cheap(void **state)
{
	const int64_t end = clock_ms() + PATIENCE_MS;
	double first, least;
	int rounds = 1;

	(void)state;
	start_child(fork_very_many);

	first = least = look_at_tree();
	for (; (rounds < 3 || least > LOOK_US) && clock_ms() < end; rounds++) {
		const double us = look_at_tree();

		least = us < least ? us : least;
	}

	print_message("%d processes, one with %d mappings: %.1f us each, the first time "
		      "%.1f, the least of %d\n",
		      PROCESSES, MAPPINGS, least, first, rounds);
	assert_true(least <= LOOK_US);
}

static int set_up(void **state)
{
	error = 0;

	return no_child_yet(state);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, end_child)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(process_with_a_single_thread_is_not_looked_into),
		CASE(process_with_several_threads_may_be_if_it_maps_libcuda),
		CASE(process_that_is_gone_is_esrch),
		CASE(zombie_cannot_be),
		CASE(process_whose_threads_cannot_be_seen_says_why),
		CASE(look_at_a_thousand_processes_is_cheap),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
