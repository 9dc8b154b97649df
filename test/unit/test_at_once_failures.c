/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "at_once.h"
#include "at_once_world.h"
#include "command.h"
#include "monotonic.h"

#define PIDS(...) ((const int[]){ __VA_ARGS__, 0 })

void __real_command_ask(const struct arguments *arguments, struct libcuda *libcuda,
			struct command_answer *ret_answer);
void __wrap_command_ask(const struct arguments *arguments, struct libcuda *libcuda,
			struct command_answer *ret_answer);
int __real_libcuda_load(struct libcuda *ret_libcuda, char *ret_reason);
int __wrap_libcuda_load(struct libcuda *ret_libcuda, char *ret_reason);
pid_t __real_fork(void);
pid_t __wrap_fork(void);
int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);

static struct {
	const char *no_libcuda;	   /* why it cannot be loaded */
	unsigned int forks, pipes; /* that are left before one fails; 0: none fails */
	bool once;		   /* only that one fails, not all after it */
} plan;

void __wrap_command_ask(const struct arguments *arguments, struct libcuda *libcuda,
			struct command_answer *ret_answer)
{
	if (in_worker)
		in_worker(arguments);
	__real_command_ask(arguments, libcuda, ret_answer);
}

int __wrap_libcuda_load(struct libcuda *ret_libcuda, char *ret_reason)
{
	if (!plan.no_libcuda)
		return __real_libcuda_load(ret_libcuda, ret_reason);

	snprintf(ret_reason, LIBCUDA_REASON_SIZE, "%s", plan.no_libcuda);
	return -ENOENT;
}

static bool fails_now(unsigned int *left)
{
	if (!*left || --*left)
		return false;

	*left = plan.once ? 0 : 1;
	return true;
}

pid_t __wrap_fork(void)
{
	if (!fails_now(&plan.forks))
		return __real_fork();

	errno = EAGAIN;
	return -1;
}

int __wrap_pipe2(int ends[2], int flags)
{
	if (!fails_now(&plan.pipes))
		return __real_pipe2(ends, flags);

	errno = EMFILE;
	return -1;
}

static int reset_all(void **state)
{
	memset(&plan, 0, sizeof(plan));
	return reset(state);
}

/* --- workers that end --------------------------------------------------------- */

static void is_killed_with_8(const struct arguments *arguments)
{
	has_cuda(arguments);
	if (arguments->pid == 8)
		raise(SIGKILL);
}

static void a_worker_that_is_killed_is_told(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = is_killed_with_8;

	outcome = states_of(PIDS(7, 8, 9));

	assert_outcome(
		&outcome, -EIO,
		"7 running\n"
		"8 error 0 \"the utility's process for it was ended by signal 9\"\n"
		"9 running\n");
}

static void exits_with_8(const struct arguments *arguments)
{
	has_cuda(arguments);
	if (arguments->pid == 8)
		_exit(3);
}

static void a_worker_that_exits_is_told(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = exits_with_8;

	outcome = states_of(PIDS(7, 8));

	assert_outcome(
		&outcome, -EIO,
		"7 running\n"
		"8 error 0 \"the utility's process for it ended with status 3\"\n");
}

static void sigchld_may_have_been_ignored(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = is_killed_with_8;
	signal(SIGCHLD, SIG_IGN);

	outcome = states_of(PIDS(7, 8));

	assert_outcome(
		&outcome, -EIO,
		"7 running\n"
		"8 error 0 \"the utility's process for it was ended by signal 9\"\n");
}

static void no_driver_is_told_for_each_on_one_line(void **state)
{
	struct outcome outcome;

	(void)state;
	plan.no_libcuda = "no \"driver\"\nhere\t\033";

	outcome = states_of(PIDS(7, 8));

	assert_outcome(
		&outcome, -EIO,
		"7 error 0 \"no 'driver' here  \"\n8 error 0 \"no 'driver' here  \"\n");
}

/* --- processes that end ------------------------------------------------------- */

static pid_t victim;

static void never_ends_with_the_victim(const struct arguments *arguments)
{
	has_cuda(arguments);
	while (arguments->pid == victim)
		pause();
}

static void a_process_that_has_ended_is_not_waited_for(void **state)
{
	const int64_t begin = monotonic_ms();
	struct outcome outcome;
	char expected[100];

	(void)state;
	victim = __real_fork();
	assert_true(victim >= 0);
	if (victim == 0)
		_exit(0);
	in_worker = never_ends_with_the_victim;
	snprintf(expected, sizeof(expected),
		 "%d error 0 \"the process has ended\"\n%d running\n", victim, getpid());

	outcome = states_of(PIDS(victim, getpid()));
	waitpid(victim, NULL, 0);

	assert_outcome(&outcome, -EIO, expected);
	assert_in_range(monotonic_ms() - begin, AT_ONCE_GRACE_MS,
			AT_ONCE_GRACE_MS + 9000);
}

static void answers_late_for_the_victim(const struct arguments *arguments)
{
	has_cuda(arguments);
	if (arguments->pid == victim)
		usleep(400000);
}

static void who_answers_though_it_has_ended_is_heard(void **state)
{
	struct outcome outcome;
	char expected[100];

	(void)state;
	victim = __real_fork();
	assert_true(victim >= 0);
	if (victim == 0)
		_exit(0);
	in_worker = answers_late_for_the_victim;
	snprintf(expected, sizeof(expected), "%d running\n%d running\n", victim,
		 getpid());

	outcome = states_of(PIDS(victim, getpid()));
	waitpid(victim, NULL, 0);

	assert_outcome(&outcome, 0, expected);
}

/* --- the system has no room ------------------------------------------------------ */

static void takes_a_moment(const struct arguments *arguments)
{
	has_cuda(arguments);
	usleep(50000);
}

static void who_cannot_be_started_waits_for_the_others(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = takes_a_moment;
	for (int i = 0; i < 2; i++) {
		plan.once = true;
		plan.forks = i ? 3 : 0;
		plan.pipes = i ? 0 : 3;

		outcome = states_of(PIDS(1, 2, 3, 4));

		assert_outcome(&outcome, 0,
			       "1 running\n2 running\n3 running\n4 running\n");
		assert_int_equal(plan.forks + plan.pipes, 0);
	}
}

static void when_nobody_can_be_started_it_is_told(void **state)
{
	struct outcome outcome;

	(void)state;
	in_worker = has_cuda;
	plan.forks = 2;

	outcome = states_of(PIDS(1, 2, 3));

	assert_outcome(&outcome, -EIO,
		       "1 running\n"
		       "2 error 0 \"cannot start a process for it: "
		       "Resource temporarily unavailable\"\n"
		       "3 error 0 \"cannot start a process for it: "
		       "Resource temporarily unavailable\"\n");
}

static void no_descriptor_is_left_over(void **state)
{
	const int before = dup(STDERR_FILENO);
	struct outcome outcome;
	int after;

	(void)state;
	close(before);
	in_worker = is_killed_with_8;
	plan.forks = 3;
	plan.once = true;

	outcome = states_of(PIDS(7, 8, 9));
	after = dup(STDERR_FILENO);
	close(after);

	assert_int_equal(outcome.ret, -EIO);
	assert_int_equal(after, before);
}

/* --- the parent ends --------------------------------------------------------- */

static void says_who_it_is_and_never_ends(const struct arguments *arguments)
{
	(void)arguments;
	shared->begun++;
	shared->worker = getpid();
	for (;;)
		pause();
}

static void workers_end_with_their_parent(void **state)
{
	int status = 0;
	pid_t parent;

	(void)state;
	in_worker = says_who_it_is_and_never_ends;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	parent = __real_fork();
	assert_true(parent >= 0);
	if (parent == 0) {
		(void)states_of(PIDS(1, getppid()));
		_exit(0);
	}
	for (int i = 0; i < 1000 && shared->begun < 2; i++)
		usleep(10000);
	assert_int_equal(shared->begun, 2);

	kill(parent, SIGTERM);
	assert_int_equal(waitpid(parent, &status, 0), parent);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_int_equal(waitpid(shared->worker, &status, 0), shared->worker);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(waitpid(-1, &status, 0) > 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

#define CASE(test) cmocka_unit_test_setup(test, reset_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_worker_that_is_killed_is_told),
		CASE(a_worker_that_exits_is_told),
		CASE(sigchld_may_have_been_ignored),
		CASE(no_driver_is_told_for_each_on_one_line),
		CASE(a_process_that_has_ended_is_not_waited_for),
		CASE(who_answers_though_it_has_ended_is_heard),
		CASE(who_cannot_be_started_waits_for_the_others),
		CASE(when_nobody_can_be_started_it_is_told),
		CASE(no_descriptor_is_left_over),
		CASE(workers_end_with_their_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
