/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that fail during an operation: each target has an outcome that says so, those
 * that could be done are done, and nothing is left behind.
 */
#include "operation.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "operation_world.h"

/* --- calls that fail when told to ----------------------------------------------------
 */

/* The @nth call from now of @call fails with @error; and those after it too? */
static struct fault {
	const char *call;
	unsigned int nth; /* 0: none does */
	int error;
	bool goes_on;
} fault;

static bool fails(const char *call)
{
	if (!fault.nth || strcmp(fault.call, call) != 0)
		return false;
	if (fault.nth > 1) {
		fault.nth--;
		return false;
	}
	if (!fault.goes_on)
		fault.nth = 0;

	errno = fault.error;
	return true;
}

static int set_up(void **state)
{
	fault = (struct fault){ 0 };

	return begin_operation(state);
}

static int tear_down(void **state)
{
	fault = (struct fault){ 0 };

	return end_operation(state);
}

/* clang-format off */
#define WRAPPED(type, fail, name, wrap, real, parameters, arguments)	\
	type real parameters;						\
	type wrap parameters;						\
	type wrap parameters						\
	{								\
		return fails(name) ? (fail) : real arguments;		\
	}

WRAPPED(void *, NULL, "malloc", __wrap_malloc, __real_malloc, (size_t size), (size))
WRAPPED(int, -1, "pipe2", __wrap_pipe2, __real_pipe2, (int ends[2], int flags), (ends, flags))
WRAPPED(int, -1, "sigaction", __wrap_sigaction, __real_sigaction,
	(int signo, const struct sigaction *new, struct sigaction *old), (signo, new, old))
WRAPPED(int, -1, "sigprocmask", __wrap_sigprocmask, __real_sigprocmask,
	(int how, const sigset_t *set, sigset_t *old), (how, set, old))
WRAPPED(int, -1, "signalfd", __wrap_signalfd, __real_signalfd,
	(int fd, const sigset_t *set, int flags), (fd, set, flags))
WRAPPED(pid_t, -1, "waitpid", __wrap_waitpid, __real_waitpid,
	(pid_t pid, int *status, int flags), (pid, status, flags))
WRAPPED(int, fault.error, "posix_spawnp", __wrap_posix_spawnp, __real_posix_spawnp,
	(pid_t *pid, const char *file, const posix_spawn_file_actions_t *f,
	 const posix_spawnattr_t *a, char *const argv[], char *const environment[]),
	(pid, file, f, a, argv, environment))
/* clang-format on */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	va_list arguments;
	long first, second;

	va_start(arguments, number);
	first = va_arg(arguments, long);
	second = va_arg(arguments, long);
	va_end(arguments);

	return fails("syscall") ? -1 : __real_syscall(number, first, second);
}

/* --- what fails and what remains ------------------------------------------------------
 */

#define RUNS 4

static const struct {
	const char *call;
	unsigned int calls_of_run;
	int error;
	int ret;
	const char *says;
} starts[] = {
	{ "posix_spawnp", 1, EAGAIN, -EIO, "cannot run \"/bin/sh\": Resource" },
	{ "posix_spawnp", 1, ENOMEM, -ENOMEM, "cannot run \"/bin/sh\": Cannot allocate" },
	{ "posix_spawnp", 1, ENOENT, -ENOENT, "there is no \"/bin/sh\"" },
	{ "posix_spawnp", 1, ENXIO, -EIO, "cannot run \"/bin/sh\": No such device" },
	{ "pipe2", 2, EMFILE, -EIO, "cannot run \"/bin/sh\": Too many open files" },
};

static void run_that_cannot_be_started_failed_and_the_others_are_done(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		const unsigned int calls = starts[i].calls_of_run;

		for (unsigned int nth = 1; nth <= RUNS * calls; nth++) {
			const size_t failed = (nth - 1) / calls;

			fault = (struct fault){ starts[i].call, nth, starts[i].error,
						false };
			assert_int_equal(ask_by("echo p$2", RUNS), RUNS);

			assert_int_equal(fault.nth, 0);
			for (size_t j = 0; j < RUNS; j++)
				assert_int_equal(targets[j].ret,
						 j == failed ? starts[i].ret : 0);
			assert_says(failed, starts[i].says);
			assert_false(targets[failed].is_cut);
			assert_no_child();
		}
	}
}

static void run_for_several_that_cannot_be_started_failed_for_all(void **state)
{
	const struct operation several = { .takes_several = true };

	(void)state;
	fault = (struct fault){ "posix_spawnp", 1, EAGAIN, false };

	assert_int_equal(operate("exit 0", several, 3), 1);

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(targets[i].ret, -EIO);
		assert_says(i, "cannot run \"/bin/sh\": Resource");
	}
}

static void nothing_that_can_be_started_fails_for_all_of_many(void **state)
{
	(void)state;
	fault = (struct fault){ "posix_spawnp", 3, EAGAIN, true };

	assert_int_equal(ask_by("echo p$2", 200), 200);

	fault.nth = 0;
	assert_int_equal(targets[0].ret, 0);
	assert_int_equal(targets[1].ret, 0);
	for (size_t i = 2; i < 200; i++)
		assert_int_equal(targets[i].ret, -EIO);
	assert_no_child();
}

/* With no memory for one more run, those that are under way make room. */
static void run_waits_for_the_memory_of_those_before_it(void **state)
{
	(void)state;
	for (unsigned int nth = 2; nth <= RUNS; nth++) {
		fault = (struct fault){ "malloc", nth, ENOMEM, false };
		assert_int_equal(ask_by("echo p$2", RUNS), RUNS);

		assert_int_equal(fault.nth, 0);
		for (size_t i = 0; i < RUNS; i++)
			assert_int_equal(targets[i].ret, 0);
	}
}

static void no_memory_for_a_single_run_is_an_error_for_all_that_wait(void **state)
{
	(void)state;
	targets[1].goes_alone = targets[2].goes_alone = true;
	fault = (struct fault){ "malloc", 1, ENOMEM, true };

	assert_int_equal(ask_by("echo p$2", RUNS), 0);

	for (size_t i = 0; i < RUNS; i++) {
		assert_outcome(i, -ENOMEM,
			       "cannot run \"/bin/sh\": Cannot allocate memory");
		assert_false(targets[i].is_cut);
		assert_false(targets[i].is_in_doubt);
		assert_int_equal(targets[i].took_ms, 0);
		assert_true(targets[i].began_ms > 0);
	}

	/* The first is done, and then there is none for the others. */
	fault = (struct fault){ "malloc", 2, ENOMEM, true };
	assert_int_equal(ask_by("echo p$2", RUNS), 1);
	assert_outcome(1, 0, "p1002");
	assert_int_equal(targets[0].ret, -ENOMEM);
	assert_int_equal(targets[2].ret, -ENOMEM);
	assert_int_equal(targets[3].ret, -ENOMEM);
	assert_no_child();
}

static void sigchld_that_cannot_be_held_is_an_error_for_all(void **state)
{
	static const char *const calls[] = { "sigaction", "sigprocmask" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		fault = (struct fault){ calls[i], 1, EINVAL, false };
		assert_int_equal(ask_by("echo p$2", 2), 0);

		assert_int_equal(fault.nth, 0);
		for (size_t j = 0; j < 2; j++)
			assert_outcome(j, -EIO,
				       "cannot run \"/bin/sh\": Invalid argument");
	}
}

static int count_look(void *subject)
{
	++*(unsigned int *)subject;
	return 0;
}

/* Nothing tells when there is something to see: it is looked all the more often. */
static void watch_is_asked_often_where_there_is_no_signalfd(void **state)
{
	unsigned int looks = 0;

	(void)state;
	fault = (struct fault){ "signalfd", 1, ENOSYS, false };
	targets[0].watch = (struct operation_watch){ count_look, &looks };
	assert_int_equal(ask_by("sleep 0.5; echo p$2", 1), 1);

	assert_int_equal(fault.nth, 0);
	assert_outcome(0, 0, "p1001");
	assert_true(looks > 2 * 500 / OPERATION_WATCH_MS);
}

static void status_that_somebody_else_took_is_an_error_of_that_run(void **state)
{
	(void)state;
	fault = (struct fault){ "waitpid", 1, ECHILD, false };

	assert_int_equal(ask_by("sleep 0.1; echo p$2", 2), 2);

	assert_outcome(0, -EIO, "cannot run \"/bin/sh\": No child processes");
	assert_outcome(1, 0, "p1002");
	reap_all();
}

/* What was answered was answered. */
static void line_counts_though_somebody_else_took_the_status(void **state)
{
	const struct operation several = { .takes_several = true };
	char *diary autofree = NULL;

	(void)state;
	/* Late enough for the line to have come. */
	fault = (struct fault){ "waitpid", 50, ECHILD, false };

	assert_int_equal(
		operate("echo $$ >>$DIARY; echo 1002 ok 5; exec sleep 60", several, 2),
		1);

	assert_int_equal(targets[0].ret, -EIO);
	assert_outcome(1, 0, "ok 5");
	diary = read_diary();
	assert_int_equal(kill((pid_t)strtol(diary, NULL, 10), SIGKILL), 0);
	reap_all();
}

static void kernel_without_pidfd_is_good_enough(void **state)
{
	const struct operation limited = { .timeout_ms = 300, .is_question = true };

	(void)state;
	fault = (struct fault){ "syscall", 1, ENOSYS, true };

	assert_int_equal(ask_by("sleep 0.1; echo p$2; exec >&- 2>&-; sleep 0.1", 3), 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(targets[i].ret, 0);

	assert_int_equal(operate("exec >&- 2>&-; exec sleep 60", limited, 2), 2);
	for (size_t i = 0; i < 2; i++)
		assert_outcome(i, -ETIMEDOUT, "no answer in 300 ms");
	assert_no_child();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(run_that_cannot_be_started_failed_and_the_others_are_done),
		CASE(run_for_several_that_cannot_be_started_failed_for_all),
		CASE(nothing_that_can_be_started_fails_for_all_of_many),
		CASE(run_waits_for_the_memory_of_those_before_it),
		CASE(no_memory_for_a_single_run_is_an_error_for_all_that_wait),
		CASE(sigchld_that_cannot_be_held_is_an_error_for_all),
		CASE(watch_is_asked_often_where_there_is_no_signalfd),
		CASE(status_that_somebody_else_took_is_an_error_of_that_run),
		CASE(line_counts_though_somebody_else_took_the_status),
		CASE(kernel_without_pidfd_is_good_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
