/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "at_once.h"
#include "at_once_world.h"
#include "command.h"
#include "fake_libcuda.h"

#define PIDS(...) ((const int[]){ __VA_ARGS__, 0 })

void __real_command_ask(const struct arguments *arguments, struct libcuda *libcuda,
			struct command_answer *ret_answer);
void __wrap_command_ask(const struct arguments *arguments, struct libcuda *libcuda,
			struct command_answer *ret_answer);

void __wrap_command_ask(const struct arguments *arguments, struct libcuda *libcuda,
			struct command_answer *ret_answer)
{
	if (in_worker)
		in_worker(arguments);
	__real_command_ask(arguments, libcuda, ret_answer);
}

/* --- the lines ------------------------------------------------------------ */

static void each_state_has_its_line(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = has_cuda;

	outcome = states_of(PIDS(9, 7, 8));

	assert_outcome(&outcome, 0, "9 running\n7 running\n8 running\n");
}

static void each_restore_thread_has_its_line(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = has_cuda;

	outcome = run_on((struct arguments){ .operation = OPERATION_GET_RESTORE_TID },
			 PIDS(9, 7));

	assert_outcome(&outcome, 0, "9 8\n7 8\n");
}

static void failures_stand_among_successes(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = states_of(PIDS(9, 7, 8));

	assert_outcome(&outcome, -EIO,
		       "9 error 3 \"error 3\"\n7 running\n8 error 3 \"error 3\"\n");
}

static void a_state_that_is_not_known_is_a_failure_of_ours(void **state)
{
	struct outcome outcome;

	(void)state;
	fake_libcuda.state = 6;

	outcome = states_of(PIDS(7, 8));

	assert_outcome(&outcome, -EIO,
		       "7 error 0 \"state 6 is not known\"\n8 error 3 \"error 3\"\n");
}

static void takes_some_time(const struct arguments *arguments)
{
	has_cuda(arguments);
	usleep(50000);
}

static void an_action_says_how_long_it_took(void **state)
{
	unsigned int first, second;
	int one, other, end = 0;
	struct outcome outcome;

	(void)state;
	in_worker = takes_some_time;

	outcome = run_on(
		(struct arguments){ .operation = OPERATION_ACTION, .action = CUDA_LOCK },
		PIDS(7, 8));

	assert_int_equal(outcome.ret, 0);
	assert_int_equal(sscanf(outcome.out.text, "%d ok %u\n%d ok %u\n%n", &one, &first,
				&other, &second, &end),
			 4);
	assert_int_equal(end, strlen(outcome.out.text));
	assert_true((one == 7 && other == 8) || (one == 8 && other == 7));
	assert_in_range(first, 49, 20000);
	assert_in_range(second, 49, 20000);
}

/* Stdout is a file, and the worker's as well. */
static void waits_for_a_line_with_the_first(const struct arguments *arguments)
{
	struct stat out = { .st_size = 0 };

	has_cuda(arguments);
	if (arguments->pid != 1)
		return;

	for (int i = 0; i < 1000 && fstat(STDOUT_FILENO, &out) == 0 && !out.st_size; i++)
		usleep(10000);
	if (out.st_size == 0)
		raise(SIGKILL);
}

static void a_slow_one_holds_no_line_back(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = waits_for_a_line_with_the_first;

	outcome = states_of(PIDS(1, 2));

	assert_string_equal(outcome.out.text, "2 running\n1 running\n");
	assert_int_equal(outcome.ret, 0);
}

/* --get-state of 7 and 8 with @before in stdout's buffer, which goes to @fd. */
static int states_into(int fd, const char *before)
{
	int saved = dup(STDOUT_FILENO), ret;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	printf("%s", before);
	ret = at_once_run(&(struct arguments){ .operation = OPERATION_GET_STATE,
					       .pids = (int[]){ 7, 8 },
					       .pid_count = 2 });
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	return ret;
}

static void what_is_not_written_yet_is_written_once(void **state)
{
	int pipe_ends[2], ret;
	char text[200] = "";

	(void)state;
	assert_int_equal(pipe(pipe_ends), 0);

	ret = states_into(pipe_ends[1], "before\n");

	assert_true(read(pipe_ends[0], text, sizeof(text) - 1) > 0);
	close(pipe_ends[0]);
	assert_memory_equal(text, "before\n", 7);
	assert_lines(text + 7, "7 running\n8 error 3 \"error 3\"\n");
	assert_int_equal(ret, -EIO);
}

/* A socket that keeps apart what was written apart. */
static void each_line_is_one_write(void **state)
{
	char first[100] = "", second[100] = "", both[200];
	int ends[2], ret;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);

	ret = states_into(ends[1], "");

	assert_true(read(ends[0], first, sizeof(first) - 1) > 0);
	assert_true(read(ends[0], second, sizeof(second) - 1) > 0);
	assert_int_equal(read(ends[0], both, sizeof(both)), 0);
	close(ends[0]);
	assert_int_equal(strcspn(first, "\n"), strlen(first) - 1);
	assert_int_equal(strcspn(second, "\n"), strlen(second) - 1);
	snprintf(both, sizeof(both), "%s%s", first, second);
	assert_lines(both, "7 running\n8 error 3 \"error 3\"\n");
	assert_int_equal(ret, -EIO);
}

/* --- how many at a time ----------------------------------------------------- */

/* Nobody goes on before all have begun: one after the other would not do. */
static void waits_for_all_others(const struct arguments *arguments)
{
	has_cuda(arguments);
	shared->begun++;
	for (int i = 0; i < 3000 && shared->begun < CONTRACT_AT_ONCE; i++)
		usleep(10000);
	if (shared->begun < CONTRACT_AT_ONCE)
		raise(SIGKILL);
}

static void all_work_at_once(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = waits_for_all_others;

	outcome = states_of(pids_from(1, CONTRACT_AT_ONCE));

	assert_int_equal(outcome.ret, 0);
}

static void is_counted(const struct arguments *arguments)
{
	int now = ++shared->now;
	int most = shared->most;

	has_cuda(arguments);
	shared->begun++;
	while (now > most && !atomic_compare_exchange_weak(&shared->most, &most, now))
		;
	usleep(20000);
	shared->now--;
}

static void no_more_than_the_limit_work_at_a_time(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = is_counted;

	outcome = states_of(pids_from(1, 3 * CONTRACT_AT_ONCE + 5));

	assert_int_equal(outcome.ret, 0);
	assert_int_equal(shared->begun, 3 * CONTRACT_AT_ONCE + 5);
	assert_in_range(shared->most, 2, CONTRACT_AT_ONCE);
}

/* --- their names ------------------------------------------------------------- */

static bool is_called(pid_t pid, const char *name)
{
	char path[40], comm[40] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (!fgets(comm, sizeof(comm), file))
			comm[0] = '\0';
		fclose(file);
	}
	comm[strcspn(comm, "\n")] = '\0';
	return strcmp(comm, name) == 0;
}

static bool is_called_in_time(pid_t pid, const char *name)
{
	for (int i = 0; i < 1000 && !is_called(pid, name); i++)
		usleep(10000);
	return is_called(pid, name);
}

static void is_called_after_its_pid(const struct arguments *arguments)
{
	char name[40];

	has_cuda(arguments);
	snprintf(name, sizeof(name), "cuda-cp-%d", arguments->pid);
	shared->right += is_called(getpid(), name);
}

static void each_worker_is_called_after_its_pid(void **state)
{
	(void)state;
	in_worker = is_called_after_its_pid;

	(void)states_of(PIDS(1, 4194304, 9999999));

	assert_int_equal(shared->right, 3);
}

static void is_called_as_its_parent_was(const struct arguments *arguments)
{
	has_cuda(arguments);
	shared->right += is_called(getpid(), arguments->pid == 1 ? "cuda-cp-1" : "test");
}

static void a_pid_that_is_too_long_is_not_cut_off(void **state)
{
	(void)state;
	prctl(PR_SET_NAME, "test");
	in_worker = is_called_as_its_parent_was;

	(void)states_of(PIDS(1, 10000000, 2147483647));

	assert_int_equal(shared->right, 3);
}

/* The first go on when all of them have looked; only then can the last begin. */
static void looks_at_the_parent(const struct arguments *arguments)
{
	const bool is_last = arguments->pid == CONTRACT_AT_ONCE + 1;

	has_cuda(arguments);
	shared->begun++;
	for (int i = 0; i < 1000 && shared->begun < CONTRACT_AT_ONCE; i++)
		usleep(10000);
	shared->right += is_last ? is_called_in_time(getppid(), "cuda-cp-")
				 : is_called(getppid(), "test");
	shared->now++;
	for (int i = 0; i < 1000 && shared->now < CONTRACT_AT_ONCE; i++)
		usleep(10000);
}

static void the_parent_takes_its_name_when_all_are_started(void **state)
{
	(void)state;
	prctl(PR_SET_NAME, "test");
	in_worker = looks_at_the_parent;

	(void)states_of(pids_from(1, CONTRACT_AT_ONCE + 1));

	assert_int_equal(shared->right, CONTRACT_AT_ONCE + 1);
	assert_string_equal(CONTRACT_NAME_PREFIX, "cuda-cp-");
}

#define CASE(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_state_has_its_line),
		CASE(each_restore_thread_has_its_line),
		CASE(failures_stand_among_successes),
		CASE(a_state_that_is_not_known_is_a_failure_of_ours),
		CASE(an_action_says_how_long_it_took),
		CASE(a_slow_one_holds_no_line_back),
		CASE(what_is_not_written_yet_is_written_once),
		CASE(each_line_is_one_write),
		CASE(all_work_at_once),
		CASE(no_more_than_the_limit_work_at_a_time),
		CASE(each_worker_is_called_after_its_pid),
		CASE(a_pid_that_is_too_long_is_not_cut_off),
		CASE(the_parent_takes_its_name_when_all_are_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
