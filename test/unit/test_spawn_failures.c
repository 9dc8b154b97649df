/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls that fail: the error says which, and nothing is left behind.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "spawn_world.h"

#define RUNS 200

/* --- system calls that fail when told to ----------------------------------- */

/* The @nth call from now of @call fails with @error; 0: none does. */
static struct fault {
	const char *call;
	unsigned int nth;
	int error;
} fault;

static bool fails(const char *call)
{
	if (!fault.nth || strcmp(fault.call, call) != 0 || --fault.nth)
		return false;

	errno = fault.error;
	return true;
}

static void arm(const char *call, unsigned int nth, int error)
{
	fault = (struct fault){ .call = call, .nth = nth, .error = error };
}

static int set_up(void **state)
{
	fault = (struct fault){ 0 };

	return note_world(state);
}

static int tear_down(void **state)
{
	fault = (struct fault){ 0 };

	return put_back_signals(state);
}

/* A call that returns @fail when told to; the real one where not. */
/* clang-format off */
#define WRAPPED(fail, name, wrap, real, parameters, arguments)		\
	int real parameters;						\
	int wrap parameters;						\
	int wrap parameters						\
	{								\
		return fails(name) ? (fail) : real arguments;		\
	}

WRAPPED(-1, "pipe2", __wrap_pipe2, __real_pipe2, (int ends[2], int flags), (ends, flags))
WRAPPED(-1, "sigaction", __wrap_sigaction, __real_sigaction,
	(int signo, const struct sigaction *new, struct sigaction *old), (signo, new, old))
WRAPPED(-1, "sigprocmask", __wrap_sigprocmask, __real_sigprocmask,
	(int how, const sigset_t *set, sigset_t *old), (how, set, old))
WRAPPED(-1, "waitpid", __wrap_waitpid, __real_waitpid,
	(pid_t pid, int *status, int flags), (pid, status, flags))
WRAPPED(fault.error, "attr_init", __wrap_posix_spawnattr_init,
	__real_posix_spawnattr_init, (posix_spawnattr_t *a), (a))
WRAPPED(fault.error, "setsigdefault", __wrap_posix_spawnattr_setsigdefault,
	__real_posix_spawnattr_setsigdefault,
	(posix_spawnattr_t *a, const sigset_t *set), (a, set))
WRAPPED(fault.error, "setsigmask", __wrap_posix_spawnattr_setsigmask,
	__real_posix_spawnattr_setsigmask, (posix_spawnattr_t *a, const sigset_t *set), (a, set))
WRAPPED(fault.error, "setpgroup", __wrap_posix_spawnattr_setpgroup,
	__real_posix_spawnattr_setpgroup, (posix_spawnattr_t *a, pid_t group), (a, group))
WRAPPED(fault.error, "setflags", __wrap_posix_spawnattr_setflags,
	__real_posix_spawnattr_setflags, (posix_spawnattr_t *a, short flags), (a, flags))
WRAPPED(fault.error, "actions_init", __wrap_posix_spawn_file_actions_init,
	__real_posix_spawn_file_actions_init, (posix_spawn_file_actions_t *f), (f))
WRAPPED(fault.error, "addopen", __wrap_posix_spawn_file_actions_addopen,
	__real_posix_spawn_file_actions_addopen,
	(posix_spawn_file_actions_t *f, int fd, const char *path, int flags, mode_t mode),
	(f, fd, path, flags, mode))
WRAPPED(fault.error, "adddup2", __wrap_posix_spawn_file_actions_adddup2,
	__real_posix_spawn_file_actions_adddup2,
	(posix_spawn_file_actions_t *f, int from, int to), (f, from, to))
WRAPPED(fault.error, "addclosefrom", __wrap_posix_spawn_file_actions_addclosefrom_np,
	__real_posix_spawn_file_actions_addclosefrom_np,
	(posix_spawn_file_actions_t *f, int from), (f, from))
WRAPPED(fault.error, "posix_spawnp", __wrap_posix_spawnp, __real_posix_spawnp,
	(pid_t *pid, const char *file, const posix_spawn_file_actions_t *f,
	 const posix_spawnattr_t *a, char *const argv[], char *const environment[]),
	(pid, file, f, a, argv, environment))
/* clang-format on */

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
	va_list arguments;
	long argument;

	va_start(arguments, command);
	argument = va_arg(arguments, long);
	va_end(arguments);

	return fails("fcntl") ? -1 : __real_fcntl(fd, command, argument);
}

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

/* --- what fails and what remains --------------------------------------------- */

static void many_runs_leave_nothing_behind(void **state)
{
	struct spawn_result result;

	(void)state;
	for (int i = 0; i < RUNS; i++) {
		assert_int_equal(
			spawn_run((const char *[]){ "true", NULL }, 1000, &result), 0);
		assert_int_equal(
			spawn_run((const char *[]){ "/nowhere", NULL }, 1000, &result),
			-ENOENT);
	}

	assert_same_world(&before);
	assert_no_child();
}

static const struct fault failing_starts[] = {
	{ "sigaction", 1, EINVAL },	{ "sigprocmask", 1, EINVAL },
	{ "pipe2", 1, EMFILE },		{ "pipe2", 2, ENFILE },
	{ "fcntl", 1, EMFILE },		{ "fcntl", 2, EBADF },
	{ "fcntl", 3, EMFILE },		{ "fcntl", 4, EBADF },
	{ "attr_init", 1, ENOMEM },	{ "actions_init", 1, ENOMEM },
	{ "setsigdefault", 1, EINVAL }, { "setsigmask", 1, EINVAL },
	{ "setpgroup", 1, EINVAL },	{ "setflags", 1, EINVAL },
	{ "addopen", 1, ENOMEM },	{ "adddup2", 1, ENOMEM },
	{ "adddup2", 2, ENOMEM },	{ "addclosefrom", 1, ENOMEM },
	{ "posix_spawnp", 1, EAGAIN },
};

static void start_that_fails_says_why_and_leaves_nothing_behind(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failing_starts); i++) {
		const struct fault *f = &failing_starts[i];
		struct spawn_result result = { .status = -77 };
		int ret;

		arm(f->call, f->nth, f->error);
		ret = run_script("exit 0", 1000, &result);

		if (ret != -f->error || fault.nth)
			fail_msg("%s, call %u: %d", f->call, f->nth, ret);
		assert_int_equal(result.status, -77);
		assert_same_world(&before);
		assert_no_child();
	}
}

static void sigchld_that_cannot_be_changed_is_an_error(void **state)
{
	struct spawn_result result;
	struct world with;

	(void)state;
	set_sigchld(SIG_IGN, 0);
	with = look();
	arm("sigaction", 2, EINVAL);

	assert_int_equal(run_script("exit 0", 1000, &result), -EINVAL);

	assert_same_world(&with);
	assert_no_child();
}

static void kernel_without_pidfd_is_good_enough(void **state)
{
	struct spawn_result result;

	(void)state;
	arm("syscall", 1, ENOSYS);
	assert_int_equal(run_script("sleep 0.1; echo x; exit 6", 0, &result), 0);
	assert_int_equal(fault.nth, 0);
	assert_int_equal(result.status, 6);
	assert_string_equal(result.out.text, "x\n");

	arm("syscall", 1, ENOSYS);
	assert_times_out("exec sleep 60");
	arm("syscall", 1, ENOSYS);
	assert_times_out("exec >&- 2>&-; exec sleep 60");
	assert_no_child();
}

/* With its streams closed, only a look at it tells that it has ended. */
static void kernel_without_pidfd_waits_for_several_too(void **state)
{
	const char *argv[] = { "/bin/sh", "-c", "exec >&- 2>&-; sleep 0.1; exit 6",
			       NULL };
	struct spawn *spawns[2];
	int ret;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		spawns[i] = malloc(sizeof(*spawns[i]));
		assert_non_null(spawns[i]);
		arm("syscall", 1, ENOSYS);
		assert_int_equal(spawn_start(argv, spawns[i]), 0);
		assert_int_equal(fault.nth, 0);
	}

	for (unsigned int i = 0; i < 2; i++) {
		while ((ret = spawn_reap(spawns[i])) == 0)
			spawn_wait(&spawns[i], 1, -1, -1);
		assert_int_equal(ret, 1);
		assert_int_equal(spawns[i]->result.status, 6);
		free(spawns[i]);
	}
	assert_same_world(&before);
	assert_no_child();
}

static void interrupted_wait_is_repeated(void **state)
{
	struct spawn_result result;

	(void)state;
	arm("waitpid", 1, EINTR);

	assert_int_equal(run_script("exit 6", 0, &result), 0);

	assert_int_equal(fault.nth, 0);
	assert_int_equal(result.status, 6);
}

static void status_that_somebody_else_took_is_an_error(void **state)
{
	struct spawn_result result = { .status = -77 };

	(void)state;
	arm("waitpid", 1, ECHILD);

	assert_int_equal(run_script("exit 6", 0, &result), -ECHILD);

	assert_int_equal(result.status, -77);
	assert_same_world(&before);
	reap_all();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(many_runs_leave_nothing_behind),
		CASE(start_that_fails_says_why_and_leaves_nothing_behind),
		CASE(sigchld_that_cannot_be_changed_is_an_error),
		CASE(kernel_without_pidfd_is_good_enough),
		CASE(kernel_without_pidfd_waits_for_several_too),
		CASE(interrupted_wait_is_repeated),
		CASE(status_that_somebody_else_took_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
