/* SPDX-License-Identifier: GPL-2.0-only */
/* The test program "threads", up and down the ladder many times. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

enum {
	ROUNDS = 200,
	STOPPED_ROUNDS = 60,
	THREADS_MAX = 64
};

/* It checks its memory all the time; one line of @lines is one round. */
struct program {
	pid_t pid;
	FILE *lines;
};

static void become_threads(int output)
{
	char path[4096];

	beside_test("../../apps/threads", path, sizeof(path));
	dup2(output, STDOUT_FILENO);
	execl(path, "threads", "--mib", "1", "--interval", "0", NULL);
	_exit(127);
}

static void wait_for_line(const struct program *program)
{
	char line[128];

	assert_non_null(fgets(line, sizeof(line), program->lines));
	assert_memory_equal(line, "count ", 6);
}

static void start(struct program *program)
{
	int output[2];

	assert_int_equal(pipe(output), 0);
	program->pid = fork_with_us();
	if (program->pid == 0)
		become_threads(output[1]);
	close(output[1]);
	program->lines = fdopen(output[0], "r");
	wait_for_line(program);
}

static void end(struct program *program)
{
	kill(program->pid, SIGKILL);
	while (waitpid(-1, NULL, __WALL) != program->pid)
		;
	fclose(program->lines);
	gpus_expect_used(0, 0);
}

static void threads_never_notice(void **state)
{
	struct program program;

	(void)state;
	start(&program);
	for (int i = 0; i < ROUNDS; i++) {
		suspend(program.pid);
		resume(program.pid);
		wait_for_line(&program);
	}
	end(&program);
}

/* Seize all threads but the restore thread. Return: how many. */
static int seize(pid_t pid, int *ret_tids)
{
	char path[64];
	const struct dirent *entry;
	DIR *dir;
	int restore_thread, count = 0;

	assert_int_equal(cuCheckpointProcessGetRestoreThreadId(pid, &restore_thread), 0);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while ((entry = readdir(dir))) {
		int tid = (int)strtol(entry->d_name, NULL, 10);

		if (tid <= 0 || tid == restore_thread)
			continue;
		assert_true(count < THREADS_MAX);
		assert_int_equal(ptrace(PTRACE_SEIZE, tid, NULL, NULL), 0);
		ret_tids[count++] = tid;
	}
	closedir(dir);
	return count;
}

static void stop_all(const int *tids, int count)
{
	for (int i = 0; i < count; i++) {
		assert_int_equal(ptrace(PTRACE_INTERRUPT, tids[i], NULL, NULL), 0);
		assert_int_equal(waitpid(tids[i], NULL, __WALL), tids[i]);
	}
}

static void let_all_run(const int *tids, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(ptrace(PTRACE_CONT, tids[i], NULL, NULL), 0);
}

/* In malloc, at the gate, anywhere: the restore thread may not need any of them. */
static void threads_may_be_stopped_anywhere(void **state)
{
	struct program program;
	int tids[THREADS_MAX], count;

	(void)state;
	start(&program);
	count = seize(program.pid, tids);
	for (int i = 0; i < STOPPED_ROUNDS; i++) {
		assert_int_equal(act(program.pid, LOCK, 0), CUDA_SUCCESS);
		stop_all(tids, count);
		assert_int_equal(act(program.pid, CHECKPOINT, 0), CUDA_SUCCESS);
		resume(program.pid);
		let_all_run(tids, count);
		wait_for_line(&program);
	}
	end(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_never_notice),
		cmocka_unit_test(threads_may_be_stopped_anywhere),
	};

	return cmocka_run_group_tests(tests, one_gpu, no_gpus);
}
