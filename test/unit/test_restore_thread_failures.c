/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that are gone, and ptrace that fails: what was changed is put back.
 */
#include "restore_thread.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_log.h"
#include "restore_target.h"

/* --- ptrace that fails when told to, and what was asked of it --------------- */

static struct {
	unsigned int fail_call; /* from 1; 0: none */
	int fail_error;
	unsigned int calls;
	char journal[512];
} tracer;

static const char *request_name(long request)
{
	switch (request) {
	case PTRACE_GETSIGMASK:
		return "getmask;";
	case PTRACE_SETSIGMASK:
		return "setmask;";
	case PTRACE_CONT:
		return "cont;";
	case PTRACE_INTERRUPT:
		return "interrupt;";
	default:
		return "other;";
	}
}

long __real_ptrace(long request, pid_t tid, void *address, void *data);
long __wrap_ptrace(long request, pid_t tid, void *address, void *data);
long __wrap_ptrace(long request, pid_t tid, void *address, void *data)
{
	strncat(tracer.journal, request_name(request),
		sizeof(tracer.journal) - strlen(tracer.journal) - 1);
	if (++tracer.calls == tracer.fail_call) {
		errno = tracer.fail_error;
		return -1;
	}

	return __real_ptrace(request, tid, address, data);
}

static int set_up(void **state)
{
	memset(&tracer, 0, sizeof(tracer));

	return no_target_yet(state);
}

static const int errors[] = { EPERM, ESRCH, EIO };

/* The @n-th case of all errors of all calls. */
static void fail_call(size_t n)
{
	memset(&tracer, 0, sizeof(tracer));
	fake_log_reset();
	tracer.fail_call = 1 + (unsigned int)(n / ARRAY_SIZE(errors));
	tracer.fail_error = errors[n % ARRAY_SIZE(errors)];
}

/* --- threads that are gone ------------------------------------------------------ */

static void thread_that_ends_while_it_runs_is_esrch(void **state)
{
	struct restore_thread thread;

	(void)state;
	start_target(body_count, false);

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	shared->leave = 1;
	usleep(A_WHILE_US);
	assert_int_equal(restore_thread_stop(&thread), -ESRCH);

	assert_int_equal(fake_log_errors(), 1);
}

static void process_killed_while_the_thread_runs_is_esrch(void **state)
{
	struct restore_thread thread;

	(void)state;
	for (int i = 0; i < 20; i++) {
		fake_log_reset();
		start_target(body_count, false);

		assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
				 0);
		kill(target, SIGKILL);
		usleep(i % 2 ? A_WHILE_US : 0);
		assert_int_equal(restore_thread_stop(&thread), -ESRCH);

		assert_int_equal(fake_log_errors(), 1);
		assert_int_equal(end_target(NULL), 0);
	}
}

static void thread_that_is_not_traced_is_esrch_and_untouched(void **state)
{
	struct restore_thread thread = { .tid = 77 };

	(void)state;
	start_target(body_count, false);
	detach_all();
	note_counts();

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
			 -ESRCH);

	await(restore_thread_went_on);
	assert_int_equal(shared->blocked, BIT(SIGHUP) | BIT(SIGRTMAX));
	assert_int_equal(thread.tid, 77);
	assert_string_equal(tracer.journal, "getmask;");
	assert_int_equal(fake_log_errors(), 1);
}

static void thread_that_is_not_stopped_is_esrch(void **state)
{
	struct restore_thread thread = { .tid = 77 };

	(void)state;
	start_target(body_count, false);
	assert_int_equal(__real_ptrace(PTRACE_CONT, restore_tid(), NULL, NULL), 0);

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
			 -ESRCH);

	assert_int_equal(thread.tid, 77);
	assert_string_equal(tracer.journal, "getmask;");
}

static void tid_that_does_not_exist_is_esrch(void **state)
{
	struct restore_thread thread;
	pid_t gone = fork();

	(void)state;
	if (gone == 0)
		_exit(0);
	assert_int_equal(waitpid(gone, NULL, 0), gone);

	assert_int_equal(restore_thread_run(gone, gone, NULL, &thread), -ESRCH);

	assert_int_equal(fake_log_errors(), 1);
	assert_int_equal(fake_log.malformed, 0);
}

/* --- ptrace that fails ------------------------------------------------------------ */

static void run_that_fails_puts_back_what_it_changed(void **state)
{
	static const char *const journals[] = {
		"getmask;",
		"getmask;setmask;",
		"getmask;setmask;cont;setmask;",
	};
	struct restore_thread thread = { .tid = 77 };
	uint64_t before;

	(void)state;
	start_target(body_count, false);
	before = mask_of(restore_tid());

	for (size_t i = 0; i < ARRAY_SIZE(journals) * ARRAY_SIZE(errors); i++) {
		fail_call(i);

		assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
				 -tracer.fail_error);

		assert_string_equal(tracer.journal, journals[tracer.fail_call - 1]);
		assert_int_equal(fake_log_errors(), 1);
		assert_int_equal(thread.tid, 77);
		assert_held(restore_tid());
		assert_int_equal(mask_of(restore_tid()), before);
	}
}

static void run_and_stop_ask_no_more_than_they_need(void **state)
{
	struct restore_thread thread;

	(void)state;
	start_target(body_count, false);

	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread), 0);
	assert_int_equal(restore_thread_stop(&thread), 0);

	assert_string_equal(tracer.journal, "getmask;setmask;cont;"
					    "interrupt;setmask;interrupt;cont;");
}

/* The thread, halted by a SIGSTOP, with all calls from now on counted. */
static void run_and_halt(struct restore_thread *thread)
{
	start_target(body_count, false);
	assert_int_equal(restore_thread_run(target, restore_tid(), NULL, thread), 0);
	kill(target, SIGSTOP);
	usleep(A_WHILE_US);
	memset(&tracer, 0, sizeof(tracer));
	fake_log_reset();
}

static void halt_that_cannot_be_ended_is_esrch_and_tried_again(void **state)
{
	struct restore_thread thread;

	(void)state;
	run_and_halt(&thread);
	note_counts();
	tracer.fail_call = 1;
	tracer.fail_error = EIO;

	assert_int_equal(restore_thread_tend(&thread), -ESRCH);
	assert_int_equal(fake_log_errors(), 1);
	assert_int_equal(restore_thread_tend(&thread), 0);
	usleep(A_WHILE_US);
	assert_int_equal(restore_thread_tend(&thread), 0);
	await(restore_thread_went_on);

	assert_string_equal(tracer.journal, "cont;cont;cont;");
	assert_int_equal(restore_thread_stop(&thread), 0);
	assert_held(restore_tid());
	assert_int_equal(fake_log_errors(), 1);
}

static void thread_is_stopped_from_a_halt_that_could_not_be_ended(void **state)
{
	struct restore_thread thread;

	(void)state;
	run_and_halt(&thread);
	tracer.fail_call = 1;
	tracer.fail_error = EPERM;
	assert_int_equal(restore_thread_tend(&thread), -ESRCH);

	assert_int_equal(restore_thread_stop(&thread), 0);

	assert_held(restore_tid());
	assert_string_equal(tracer.journal, "cont;interrupt;setmask;interrupt;cont;");
}

/* Between its halt and our answer. */
static void halted_thread_that_is_killed_is_for_the_next_look(void **state)
{
	struct restore_thread thread;

	(void)state;
	run_and_halt(&thread);
	tracer.fail_call = 1;
	tracer.fail_error = ESRCH;

	assert_int_equal(restore_thread_tend(&thread), 0);

	assert_int_equal(fake_log.length, 0);
	kill(target, SIGKILL);
	usleep(A_WHILE_US);
	assert_int_equal(restore_thread_tend(&thread), -ESRCH);
	assert_int_equal(restore_thread_stop(&thread), -ESRCH);
	assert_int_equal(fake_log_errors(), 1);
}

static void stop_that_fails_tells_so_once(void **state)
{
	static const char *const journals[] = {
		"interrupt;",
		"interrupt;setmask;",
		"interrupt;setmask;interrupt;",
		"interrupt;setmask;interrupt;cont;",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(journals) * ARRAY_SIZE(errors); i++) {
		struct restore_thread thread;

		start_target(body_count, false);
		assert_int_equal(restore_thread_run(target, restore_tid(), NULL, &thread),
				 0);
		fail_call(i);

		assert_int_equal(restore_thread_stop(&thread), -tracer.fail_error);

		assert_string_equal(tracer.journal, journals[tracer.fail_call - 1]);
		assert_int_equal(fake_log_errors(), 1);
		assert_int_equal(end_target(NULL), 0);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, end_target)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(thread_that_ends_while_it_runs_is_esrch),
		CASE(process_killed_while_the_thread_runs_is_esrch),
		CASE(thread_that_is_not_traced_is_esrch_and_untouched),
		CASE(thread_that_is_not_stopped_is_esrch),
		CASE(tid_that_does_not_exist_is_esrch),
		CASE(run_that_fails_puts_back_what_it_changed),
		CASE(run_and_stop_ask_no_more_than_they_need),
		CASE(halt_that_cannot_be_ended_is_esrch_and_tried_again),
		CASE(thread_is_stopped_from_a_halt_that_could_not_be_ended),
		CASE(halted_thread_that_is_killed_is_for_the_next_look),
		CASE(stop_that_fails_tells_so_once),
	};

	return cmocka_run_group_tests(tests, map_shared, NULL);
}
