/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real processes that look from outside as ranks of PyTorch do, and what drivers say of
 * their version.
 */
#include "gpu_sharing.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define RANKS_MAX     4

#define WATCHDOG  "pt_nccl_watchdg"
#define HEARTBEAT "pt_nccl_heartbt"

#define NO_P2P "NCCL_P2P_DISABLE=1"
#define NO_SHM "NCCL_SHM_DISABLE=1"

/* --- ranks ----------------------------------------------------------------------- */

static pid_t pids[RANKS_MAX];
static size_t running;

static void *named_thread(void *name)
{
	prctl(PR_SET_NAME, name);
	if (write(STDOUT_FILENO, "", 1) == 1)
		for (;;)
			pause();

	return NULL;
}

/* What this program is when a test starts it again: it says when its thread is there. */
static int be_rank(char *name)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, named_thread, name) == 0)
		for (;;)
			pause();

	return 1;
}

static void start_rank(const char *thread, const char *const environment[])
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_true(running < RANKS_MAX);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ready[1], STDOUT_FILENO);
		execle("/proc/self/exe", "rank", thread, NULL, environment);
		_exit(1);
	}
	pids[running++] = pid;

	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static const char *const nothing[] = { NULL };
static const char *const both[] = { "A=B", NO_P2P, NO_SHM, NULL };

static pid_t *sharing;
static size_t count;

static int set_up(void **state)
{
	(void)state;
	fake_log_reset();
	running = 0;
	sharing = NULL;
	count = SIZE_MAX;

	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(sharing);
	for (size_t i = 0; i < running; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}

	return 0;
}

static void look(void)
{
	free(sharing);
	sharing = NULL;
	assert_int_equal(gpu_sharing_find(pids, running, &sharing, &count), 0);
	assert_int_equal(fake_log.length, 0);
}

/* --- who shares ---------------------------------------------------------------- */

static void two_ranks_with_a_communicator_share(void **state)
{
	(void)state;
	start_rank(WATCHDOG, nothing);
	start_rank(HEARTBEAT, nothing);

	look();

	assert_int_equal(count, 2);
	assert_memory_equal(sharing, pids, 2 * sizeof(pids[0]));
}

static void process_without_a_communicator_does_not_share(void **state)
{
	(void)state;
	start_rank(WATCHDOG, nothing);
	start_rank("pt_nccl_watchd", nothing);
	start_rank("pt_main_thread", nothing);
	look();
	assert_int_equal(count, 0);

	start_rank(WATCHDOG, nothing);
	look();
	assert_int_equal(count, 2);
	assert_int_equal(sharing[0], pids[0]);
	assert_int_equal(sharing[1], pids[3]);
}

static void one_rank_alone_does_not_share(void **state)
{
	(void)state;
	look();
	assert_int_equal(count, 0);

	start_rank(WATCHDOG, nothing);
	look();
	assert_int_equal(count, 0);
}

static const struct {
	const char *const environment[4];
	bool shares;
} environments[] = {
	{ { NO_P2P, NO_SHM }, false },
	{ { NO_SHM, "NCCL_DEBUG=INFO", NO_P2P }, false },
	{ { NO_P2P, NO_SHM, "NCCL_SHM_DISABLE=0" }, false }, /* the first counts */
	{ { "NCCL_SHM_DISABLE=0", NO_P2P, NO_SHM }, true },
	{ { NULL }, true },
	{ { NO_P2P }, true },
	{ { NO_SHM }, true },
	{ { NO_P2P, "NCCL_SHM_DISABLE=0" }, true },
	{ { NO_P2P, "NCCL_SHM_DISABLE=" }, true },
	{ { NO_P2P, "NCCL_SHM_DISABLE" }, true },
	{ { NO_P2P, "NCCL_SHM_DISABLE=true" }, true },
	{ { NO_P2P, "NCCL_SHM_DISABLE=10" }, true },
	{ { NO_P2P, "NCCL_SHM_DISABLE= 1" }, true },
	{ { NO_P2P, "NCCL_SHM_DISABLED=1" }, true },
	{ { NO_P2P, "X" NO_SHM }, true },
	{ { NO_P2P, "X=" NO_SHM }, true },
};

static void only_both_variables_set_to_1_keep_ranks_from_sharing(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(environments); i++) {
		start_rank(WATCHDOG, environments[i].environment);
		start_rank(WATCHDOG, environments[i].environment);

		look();

		if (count != (environments[i].shares ? 2 : 0))
			fail_msg("environment %zu: %zu share", i, count);
		tear_down(state);
		set_up(state);
	}
}

/* What NCCL makes of it is not known, and so no reason to go on. */
static void of_ranks_that_disagree_those_without_the_variables_are_named(void **state)
{
	(void)state;
	start_rank(WATCHDOG, both);
	start_rank(WATCHDOG, nothing);

	look();

	assert_int_equal(count, 1);
	assert_int_equal(sharing[0], pids[1]);
}

static void rank_that_has_ended_is_passed_over(void **state)
{
	siginfo_t info;

	(void)state;
	for (int i = 0; i < 4; i++)
		start_rank(WATCHDOG, nothing);
	kill(pids[0], SIGKILL); /* a zombie */
	assert_int_equal(waitid(P_PID, (id_t)pids[0], &info, WEXITED | WNOWAIT), 0);
	kill(pids[2], SIGKILL); /* nobody */
	assert_int_equal(waitpid(pids[2], NULL, 0), pids[2]);

	look();

	assert_int_equal(count, 2);
	assert_int_equal(sharing[0], pids[1]);
	assert_int_equal(sharing[1], pids[3]);
	pids[2] = pids[3];
	running--;
}

/* --- what cannot be read --------------------------------------------------------- */

static const char *unreadable; /* the end of a path */
static int open_error;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (!unreadable || !strstr(path, unreadable))
		return __real_fopen(path, mode);
	errno = open_error;

	return NULL;
}

static void rank_that_cannot_be_read_is_an_error_with_its_pid(void **state)
{
	static const char *const files[] = { "/comm", "/environ" };
	char line[32];

	(void)state;
	start_rank(WATCHDOG, nothing);
	start_rank(WATCHDOG, nothing);
	snprintf(line, sizeof(line), "pid %d: ", pids[0]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int ret;

		fake_log_reset();
		unreadable = files[i];
		open_error = EMFILE;
		ret = gpu_sharing_find(pids, running, &sharing, &count);
		unreadable = NULL;

		assert_int_equal(ret, -EMFILE);
		assert_null(sharing);
		assert_int_equal(count, SIZE_MAX);
		assert_int_equal(fake_log_errors(), 1);
		assert_true(fake_log_has(line));
		assert_true(fake_log_has("too many open files"));
		assert_int_equal(fake_log.malformed, 0);
	}
}

static void rank_that_ends_while_it_is_read_is_passed_over(void **state)
{
	int ret;

	(void)state;
	start_rank(WATCHDOG, nothing);
	start_rank(WATCHDOG, nothing);
	unreadable = "/environ";
	open_error = ENOENT;
	ret = gpu_sharing_find(pids, running, &sharing, &count);
	unreadable = NULL;

	assert_int_equal(ret, 0);
	assert_int_equal(count, 0);
}

/* --- the driver -------------------------------------------------------------------- */

static const struct {
	const char *text; /* NULL: no such file */
	bool survives;
} versions[] = {
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  609.99.99  610.1\n", false },
	{ "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  610.12.01  Release "
	  "Build\n",
	  true },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  1000.1\n", true },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  v610.1\n", false },
	{ NULL, false },
};

static void only_a_driver_that_says_it_is_r610_or_newer_is_safe(void **state)
{
	char path[] = "/tmp/test_gpu_sharing.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		const char *text = versions[i].text ? versions[i].text : "";

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
		if (!versions[i].text)
			unlink(path);

		if (gpu_sharing_survives(path) != versions[i].survives)
			fail_msg("\"%s\"", text);
	}
	close(fd);
	assert_false(gpu_sharing_survives("/")); /* opens, and cannot be read */
}

/* --- what is said ------------------------------------------------------------------ */

static void refusal_names_the_pids_the_reason_and_the_remedies(void **state)
{
	static const pid_t ranks[] = { 4194303, 12 };

	(void)state;
	gpu_sharing_log(ranks, 2, true);

	assert_int_equal(fake_log_errors(), 1);
	assert_int_equal(fake_log.malformed, 0);
	assert_true(fake_log_has("pid 4194303, 12: NCCL shares GPU memory"));
	assert_true(fake_log_has("before r610"));
	assert_true(fake_log_has("NCCL_P2P_DISABLE=1 NCCL_SHM_DISABLE=1"));
	assert_true(fake_log_has("cuda-checkpoint --launch-job"));
	assert_true(fake_log_has("shared-memory=warn"));
}

static void warning_is_no_error(void **state)
{
	static const pid_t ranks[] = { 7, 12 };

	(void)state;
	gpu_sharing_log(ranks, 2, false);

	assert_int_equal(fake_log_errors(), 0);
	assert_int_equal(fake_log.lines[LOG_LEVEL_WARN], 1);
	assert_int_equal(fake_log.malformed, 0);
	assert_true(fake_log_has("pid 7, 12: NCCL shares GPU memory"));
	assert_true(fake_log_has("going on all the same"));
}

static void long_list_of_pids_is_cut(void **state)
{
	pid_t ranks[14];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranks); i++)
		ranks[i] = 4194290 + (pid_t)i;

	gpu_sharing_log(ranks, 8, true);
	assert_true(fake_log_has("4194296, 4194297: NCCL"));

	gpu_sharing_log(ranks, 14, true);
	assert_true(fake_log_has("pid 4194290, 4194291,"));
	assert_true(fake_log_has("4194296, 4194297 and 6 more: NCCL"));
	assert_int_equal(fake_log.malformed, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		CASE(two_ranks_with_a_communicator_share),
		CASE(process_without_a_communicator_does_not_share),
		CASE(one_rank_alone_does_not_share),
		CASE(only_both_variables_set_to_1_keep_ranks_from_sharing),
		CASE(of_ranks_that_disagree_those_without_the_variables_are_named),
		CASE(rank_that_has_ended_is_passed_over),
		CASE(rank_that_cannot_be_read_is_an_error_with_its_pid),
		CASE(rank_that_ends_while_it_is_read_is_passed_over),
		CASE(only_a_driver_that_says_it_is_r610_or_newer_is_safe),
		CASE(refusal_names_the_pids_the_reason_and_the_remedies),
		CASE(warning_is_no_error),
		CASE(long_list_of_pids_is_cut),
	};

	if (argc == 2)
		return be_rank(argv[1]);

	return cmocka_run_group_tests(tests, NULL, NULL);
}
