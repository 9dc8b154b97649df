/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real trees: wide, deep, forked by threads, and in motion.
 */
#include "process_tree.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "proc.h"
#include "proc_child.h"

#define WIDTH	     2000
#define DEPTH	     300
#define LISTINGS     200
#define LONG_TIME_MS 5000 /* with a sanitizer, on a busy machine */

/* Those that the child of a test has started, for the test. */
static struct {
	size_t count;
	pid_t pids[WIDTH];
} * family;

static pid_t *list;
static size_t count;

static int make_family(void **state)
{
	(void)state;
	family = mmap(NULL, sizeof(*family), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	/* What the child leaves behind is ours to reap. */
	return family == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -1 : 0;
}

static int set_up(void **state)
{
	family->count = 0;
	list = NULL;
	count = 0;

	return no_child_yet(state);
}

static int tear_down(void **state)
{
	free(list);
	for (size_t i = 0; i < family->count; i++)
		kill(family->pids[i], SIGKILL);

	return end_child(state);
}

/* Fork a process that waits, and ends with the one that forked it. */
static void fork_waiting(void)
{
	pid_t pid = fork();

	if (pid < 0)
		_exit(1);
	if (pid > 0) {
		family->pids[family->count++] = pid;
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static void list_tree_of(pid_t root)
{
	free(list);
	list = NULL;
	assert_int_equal(process_tree_list(root, &list, &count), 0);
	assert_true(count > 0);
	assert_int_equal(list[0], root);
}

static size_t times_listed(pid_t pid)
{
	size_t times = 0;

	for (size_t i = 0; i < count; i++)
		times += list[i] == pid;

	return times;
}

/* --- trees at rest ------------------------------------------------------------- */

static void process_without_children_is_alone(void **state)
{
	(void)state;
	start_child(NULL);

	list_tree_of(child);

	assert_int_equal(count, 1);
}

static void fork_very_many(void)
{
	while (family->count < WIDTH)
		fork_waiting();
}

static void look_for_libcuda(void)
{
	for (size_t i = 0; i < count; i++) {
		bool maps = true;

		assert_int_equal(proc_maps_libcuda(list[i], &maps), 0);
		assert_false(maps);
	}
}

static void list_of_2000_children_is_whole_and_quick(void **state)
{
	int64_t start, listed, looked;

	(void)state;
	start_child(fork_very_many);
	start = clock_ms();

	list_tree_of(child);

	listed = clock_ms();
	look_for_libcuda();
	looked = clock_ms();
	print_message("%d children: listed in %d ms, libcuda looked for in %d ms\n",
		      WIDTH, (int)(listed - start), (int)(looked - listed));
	assert_int_equal(count, WIDTH + 1);
	for (size_t i = 0; i < WIDTH; i++)
		assert_int_equal(list[i + 1], family->pids[i]);
	assert_true(listed - start < LONG_TIME_MS);
}

/* Each is the parent of the next. */
static void fork_a_chain(void)
{
	size_t depth = 0;
	pid_t pid;

	while ((pid = fork()) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		family->pids[depth++] = getpid();
		family->count = depth;
		if (depth == DEPTH)
			break;
	}
	if (pid < 0)
		_exit(1);
	if (depth > 0)
		for (;;)
			pause();
	while (*(volatile size_t *)&family->count < DEPTH)
		usleep(1000);
}

static void chain_is_listed_from_the_top_to_the_bottom(void **state)
{
	(void)state;
	start_child(fork_a_chain);

	list_tree_of(child);
	assert_int_equal(count, DEPTH + 1);
	for (size_t i = 0; i < DEPTH; i++)
		assert_int_equal(list[i + 1], family->pids[i]);

	list_tree_of(family->pids[DEPTH / 2]);
	assert_int_equal(count, DEPTH - DEPTH / 2);
}

static void *fork_in_a_thread(void *unused)
{
	fork_waiting();
	for (;;)
		pause();

	return unused;
}

static void start_forking_thread(void)
{
	size_t before = family->count;
	pthread_t thread;

	if (pthread_create(&thread, NULL, fork_in_a_thread, NULL))
		_exit(1);
	while (*(volatile size_t *)&family->count == before)
		usleep(1000);
}

static void fork_from_each_thread(void)
{
	fork_waiting();
	start_forking_thread();
	start_forking_thread();
}

static void children_of_every_thread_are_listed(void **state)
{
	(void)state;
	start_child(fork_from_each_thread);

	list_tree_of(child);

	assert_int_equal(count, 4);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(times_listed(family->pids[i]), 1);
}

/* --- those that are gone --------------------------------------------------------- */

static void fork_one_that_ends_and_one_that_waits(void)
{
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		_exit(1);
	fork_waiting();
}

static void zombie_is_not_listed(void **state)
{
	(void)state;
	start_child(fork_one_that_ends_and_one_that_waits);

	list_tree_of(child);

	assert_int_equal(count, 2);
	assert_int_equal(list[1], family->pids[0]);
}

static void root_that_is_gone_is_esrch(void **state)
{
	const pid_t roots[] = { start_zombie(), 0, -1, INT32_MAX };
	pid_t *pids = &child;

	(void)state;
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
		assert_int_equal(process_tree_list(roots[i], &pids, &count), -ESRCH);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(process_tree_list(roots[0], &pids, &count), -ESRCH);

	assert_ptr_equal(pids, &child);
	assert_int_equal(count, 0);
	child = -1;
}

/* The first thread of the child that is recorded first ends, another one goes on. */
static void fork_one_without_a_first_thread(void)
{
	pid_t pid = fork();

	if (pid < 0)
		_exit(1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		family->pids[family->count++] = getpid();
		start_forking_thread();
		pthread_exit(NULL);
	}
	while (*(volatile size_t *)&family->count < 2)
		usleep(1000);
	while (!proc_is_gone(pid)) /* a zombie, says /proc */
		usleep(1000);
}

static void process_whose_first_thread_has_ended_is_listed(void **state)
{
	(void)state;
	start_child(fork_one_without_a_first_thread);

	list_tree_of(child);

	assert_int_equal(count, 3);
	assert_int_equal(list[1], family->pids[0]);
	assert_int_equal(list[2], family->pids[1]);
}

/* --- trees in motion --------------------------------------------------------------- */

/* Children fork, and leave theirs to us. */
static _Noreturn void come_and_go(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (;;) {
		pid_t pid = fork();

		if (pid == 0 && fork() >= 0)
			_exit(0);
		while (waitpid(-1, NULL, pid > 0 ? 0 : WNOHANG) > 0)
			;
	}
}

static void fork_restless_and_quiet_ones(void)
{
	for (int i = 0; i < 3; i++) {
		pid_t pid = fork();

		if (pid < 0)
			_exit(1);
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			come_and_go();
		}
		family->pids[family->count++] = pid;
		fork_waiting();
	}
}

static void list_is_right_while_processes_come_and_go(void **state)
{
	size_t most = 0;

	(void)state;
	start_child(fork_restless_and_quiet_ones);

	for (int i = 0; i < LISTINGS; i++) {
		list_tree_of(child);
		for (size_t j = 0; j < family->count; j++)
			assert_int_equal(times_listed(family->pids[j]), 1);
		for (size_t j = 0; j < count; j++)
			assert_int_equal(times_listed(list[j]), 1);
		most = count > most ? count : most;
	}

	print_message("at most %zu at once\n", most);
	assert_true(most > family->count + 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(process_without_children_is_alone),
		CASE(list_of_2000_children_is_whole_and_quick),
		CASE(chain_is_listed_from_the_top_to_the_bottom),
		CASE(children_of_every_thread_are_listed),
		CASE(zombie_is_not_listed),
		CASE(root_that_is_gone_is_esrch),
		CASE(process_whose_first_thread_has_ended_is_listed),
		CASE(list_is_right_while_processes_come_and_go),
	};

	return cmocka_run_group_tests(tests, make_family, NULL);
}
