/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A tree of many thousand processes without CUDA: what the hooks take for each of them
 * must not grow with their number.
 */
#include "fixture.h"

#include <criu-plugin.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "plugin.h"

#define MANY	   10000
#define STACK_SIZE 4096
#define ROUNDS	   3

/* Shared with the tree and with the process that plays CRIU. */
static struct tree {
	atomic_size_t count; /* that have begun */
	pid_t pids[MANY];    /* the root first */
	size_t wanted;
	int64_t pause_us, checkpoint_us;
	int unexpected; /* what a hook returned other than "not mine" */
} * tree;

/* With the memory of the root, so that it has none of its own: a system call, no libc. */
static int be_child(void *unused)
{
	(void)unused;
	for (;;)
		syscall(SYS_pause);
	return 0;
}

static _Noreturn void be_root(void)
{
	char *stacks =
		(char *)mmap(NULL, MANY * (size_t)STACK_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tree->pids[0] = getpid();
	for (size_t i = 1; stacks != MAP_FAILED && i < tree->wanted; i++) {
		tree->pids[i] = clone(be_child, stacks + i * STACK_SIZE,
				      CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);
		if (tree->pids[i] < 0)
			_exit(1);
		atomic_store(&tree->count, i);
	}
	atomic_store(&tree->count, tree->wanted);
	for (;;)
		pause();
}

static void start_tree(size_t count)
{
	pid_t root;

	tree->wanted = count;
	atomic_store(&tree->count, 0);
	root = fork();
	if (root == 0)
		be_root();
	for (int ms = 0; atomic_load(&tree->count) < count; ms++) {
		if (ms == 60000 || waitpid(root, NULL, WNOHANG) != 0)
			fail_msg("the tree of %zu does not start", count);
		usleep(1000);
	}
}

static void end_tree(void)
{
	for (size_t i = tree->wanted; i-- > 0;)
		kill(tree->pids[i], SIGKILL);
	while (waitpid(tree->pids[0], NULL, 0) < 0 && errno == EINTR)
		;
}

static void call_for_all(unsigned int hook)
{
	for (size_t i = 0; i < tree->wanted; i++) {
		const struct task task = { .pid = tree->pids[i] };
		int ret = plugin_call(hook, &task);

		if (ret != -ENOTSUP)
			tree->unexpected = ret;
	}
}

static void play(void)
{
	int64_t begin = clock_us(), paused;

	call_for_all(CR_PLUGIN_HOOK__PAUSE_DEVICES);
	paused = clock_us();
	call_for_all(CR_PLUGIN_HOOK__CHECKPOINT_DEVICES);
	tree->pause_us = paused - begin;
	tree->checkpoint_us = clock_us() - paused;
}

/* Return: what all hooks together take for each process, in us, of the fastest round. */
static double measure(size_t count)
{
	struct criu criu = fixture_criu();
	double least = 0;

	criu.count = 0;
	criu.play = play;
	start_tree(count);
	for (int round = 0; round < ROUNDS; round++) {
		const struct criu_report *report = criu_dump(&criu);
		double each =
			(double)(tree->pause_us + tree->checkpoint_us) / (double)count;

		assert_clean(report);
		assert_int_equal(tree->unexpected, 0);
		if (!round || each < least) {
			least = each;
			print_message("# %zu processes: %.1f us each (pause %.1f ms, "
				      "checkpoint %.1f ms)\n",
				      count, each, (double)tree->pause_us / 1000,
				      (double)tree->checkpoint_us / 1000);
		}
	}
	end_tree();
	assert_int_equal(utility_runs(NULL, NULL, NULL), 0);

	return least;
}

static void tree_of_ten_thousand_takes_no_more_for_each(void **state)
{
	double of_100, of_1000, of_10000;

	(void)state;
	/* One version speaks for all. */
	if (strcmp(criu_version(), "4.2") != 0)
		skip();
	tree = (struct tree *)mmap(NULL, sizeof(*tree), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(tree != MAP_FAILED);

	of_100 = measure(100);
	of_1000 = measure(1000);
	of_10000 = measure(MANY);
	munmap(tree, sizeof(*tree));

	/* With a step for each pair the last would be ten times the one before. */
	assert_true(of_10000 < 3 * (of_100 > of_1000 ? of_100 : of_1000));
}

int scale_tests(void)
{
	const struct CMUnitTest tests[] = {
		claim(tree_of_ten_thousand_takes_no_more_for_each),
	};

	return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
