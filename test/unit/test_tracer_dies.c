/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracer is killed at each call that it makes on the way through a system call of
 * ours: the thread goes on as if there had been none, or has stopped, with its process,
 * and does so when the tripwire has been mended.
 */
#include "tripwire.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "staging_target.h"

#define PATIENCE_MS 10000
#define SLEEP_MS    100

/* --- the tracer, which dies when told to -------------------------------------------- */

static struct {
	unsigned int nth; /* at this call, from 1 */
	bool is_mortal;
	bool after;	 /* that call, not before it */
	bool sends_none; /* of the SIGSTOPs */
	unsigned int calls;
} death;

static void die_at(bool after)
{
	if (death.is_mortal && death.calls == death.nth && death.after == after)
		kill(getpid(), SIGKILL);
}

long __real_ptrace(long request, pid_t tid, void *address, void *data);
long __wrap_ptrace(long request, pid_t tid, void *address, void *data);
long __wrap_ptrace(long request, pid_t tid, void *address, void *data)
{
	long ret;
	int error;

	death.calls++;
	die_at(false);
	ret = __real_ptrace(request, tid, address, data);
	error = errno;
	die_at(true);
	errno = error;
	return ret;
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
	long arguments[4], ret;
	va_list list;

	va_start(list, number);
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		arguments[i] = va_arg(list, long);
	va_end(list);

	if (number == SYS_tgkill) {
		death.calls++;
		die_at(false);
		if (death.sends_none)
			return 0;
	}
	ret = __real_syscall(number, arguments[0], arguments[1], arguments[2],
			     arguments[3]);
	if (number == SYS_tgkill)
		die_at(true);
	return ret;
}

/* --- what it is about when it dies: a way through all that is to be tried -------------
 */

struct way {
	void (*prepare)(void); /* the call that the thread makes */
	bool (*trace)(void);   /* of the tracer. Return: did it go well? */
	void (*help)(void);    /* the call to end; NULL: it does so by itself */
	void (*check)(void);
};

static pid_t start_tracer(const struct way *way)
{
	const pid_t tracer = fork();

	assert_true(tracer >= 0);
	if (tracer > 0)
		return tracer;

	seize_all();
	death.calls = 0;
	death.is_mortal = true;
	if (!way->trace())
		_exit(1);
	death.is_mortal = false;
	detach_all();
	_exit(0);
}

static void start_untraced_target(const struct way *way)
{
	assert_int_equal(no_mapping_yet(NULL), 0);
	way->prepare();
	start_target(body_map, true);
	detach_all();
}

static bool is_stopped(void)
{
	return state_of(target) == 'T' && state_of(restore_tid()) == 'T' &&
	       state_of(shared->tids[2]) == 'T';
}

static bool has_made(void)
{
	return staged->calls[0].is_done;
}

static bool others_went_on(void)
{
	return shared->count[0] > count_before[0] + 2 &&
	       shared->count[2] > count_before[2] + 2;
}

static void mend(void)
{
	const int64_t end = clock_ms() + PATIENCE_MS;
	int ret;

	while ((ret = tripwire_mend(&staged->tripwire)) == -EAGAIN && clock_ms() < end)
		usleep(1000);

	assert_int_equal(ret, 0);
	assert_false(atomic_load(&staged->tripwire.is_set));
}

static void assert_goes_on_well(const struct way *way)
{
	staged->go = 1;
	if (way->help)
		way->help();
	await(has_made);
	assert_made_well(0);
	way->check();
	note_counts();
	await(others_went_on);
	await(restore_thread_went_on);
}

/*
 * Wait until it is seen what the death has come to. Return: has it stopped? Else it goes
 * on, or waits in a call of its own.
 */
static bool stops_or_goes_on(const struct way *way)
{
	const int64_t end = clock_ms() + 2 * A_WHILE_US / 1000;

	staged->go = 1;
	while (!is_stopped() && (way->help || !has_made()) && clock_ms() < end)
		usleep(1000);

	return is_stopped();
}

/* Return: did it die? In *@stops, how often the process had stopped then. */
static bool die_and_be_mended(const struct way *way, unsigned int *stops)
{
	int status;
	pid_t tracer;

	start_untraced_target(way);
	tracer = start_tracer(way);
	assert_int_equal(waitpid(tracer, &status, 0), tracer);
	if (WIFEXITED(status)) {
		assert_int_equal(WEXITSTATUS(status), 0);
		assert_false(atomic_load(&staged->tripwire.is_set));
		assert_goes_on_well(way);
		assert_int_equal(end_target(NULL), 0);
		return false;
	}

	if (stops_or_goes_on(way)) {
		/* It is the tripwire that has stopped it, and nothing gets it on. */
		assert_true(atomic_load(&staged->tripwire.is_set));
		assert_false(has_made());
		++*stops;
	}
	mend();
	assert_goes_on_well(way);
	assert_int_equal(end_target(NULL), 0);
	return true;
}

static void die_at_each_call(const struct way *way, unsigned int stops_min)
{
	unsigned int stops = 0;

	for (int after = 0; after < 2; after++) {
		death.after = after;
		death.nth = 1;
		while (die_and_be_mended(way, &stops))
			death.nth++;
		assert_true(death.nth > stops_min);
	}
	assert_true(stops >= stops_min);
}

/* --- a buffer ----------------------------------------------------------------------- */

static void prepare_buffer(void)
{
	staged->go = 0;
}

static bool trace_staging(void)
{
	if (restore_thread_run(target, restore_tid(), &ours, &thread))
		return false;

	staged->go = 1;
	while (!staged->calls[0].is_done) {
		if (restore_thread_tend(&thread))
			return false;
		usleep(100);
	}

	return restore_thread_stop(&thread) == 0;
}

static void check_buffer(void)
{
	assert_true(staged->calls[0].result > 0);
}

static const struct way staging = {
	.prepare = prepare_buffer,
	.trace = trace_staging,
	.check = check_buffer,
};

static void buffer_is_the_threads_whenever_its_tracer_dies(void **state)
{
	(void)state;
	die_at_each_call(&staging, 10);
}

/* The same without the SIGSTOP: what this file tests can be seen. */
static void without_a_tripwire_the_thread_runs_on_with_wrong_registers(void **state)
{
	unsigned int wrong = 0;
	int status;

	(void)state;
	death.sends_none = true;
	for (death.nth = 1; !wrong; death.nth++) {
		pid_t tracer;

		start_untraced_target(&staging);
		tracer = start_tracer(&staging);
		assert_int_equal(waitpid(tracer, &status, 0), tracer);
		assert_true(WIFSIGNALED(status));
		staged->go = 1;
		await(has_made);
		wrong += staged->calls[0].result <= 0 ||
			 memcmp(staged->calls[0].after, staged->calls[0].arguments,
				sizeof(staged->calls[0].after)) != 0;
		assert_int_equal(end_target(NULL), 0);
	}
}

/* --- advice ------------------------------------------------------------------------- */

static int pipe_ends[2];

static bool trace_advice(void)
{
	staged->go = 1;
	return restore_thread_advise(target, restore_tid(), &staged->tripwire,
				     (uint64_t)(uintptr_t)staged->memory, MEMORY_BYTES,
				     MADV_DONTNEED) == 0;
}

static void prepare_read(void)
{
	assert_int_equal(pipe(pipe_ends), 0);
	staged->calls[0] = (struct made_call){
		.number = SYS_read,
		.arguments = { (uint64_t)pipe_ends[0], (uint64_t)(uintptr_t)&staged->got,
			       1 },
	};
}

static void write_a_byte(void)
{
	assert_int_equal(write(pipe_ends[1], "!", 1), 1);
}

static void check_read(void)
{
	assert_int_equal(staged->calls[0].result, 1);
	assert_int_equal(staged->got, '!');
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void read_goes_on_whenever_the_tracer_dies(void **state)
{
	static const struct way reading = {
		.prepare = prepare_read,
		.trace = trace_advice,
		.help = write_a_byte,
		.check = check_read,
	};

	(void)state;
	die_at_each_call(&reading, 5);
}

/* Its call is restart_syscall(), then. */
static void prepare_sleep(void)
{
	staged->time = (struct timespec){ .tv_nsec = SLEEP_MS * 1000000 };
	staged->calls[0] = (struct made_call){
		.number = SYS_nanosleep,
		.arguments = { (uint64_t)(uintptr_t)&staged->time },
	};
}

static void check_sleep(void)
{
	assert_int_equal(staged->calls[0].result, 0);
}

static void sleep_goes_on_whenever_the_tracer_dies(void **state)
{
	static const struct way sleeping = {
		.prepare = prepare_sleep,
		.trace = trace_advice,
		.check = check_sleep,
	};

	(void)state;
	die_at_each_call(&sleeping, 5);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, live, end_target)

static int live(void **state)
{
	memset(&death, 0, sizeof(death));
	return no_mapping_yet(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(buffer_is_the_threads_whenever_its_tracer_dies),
		CASE(without_a_tripwire_the_thread_runs_on_with_wrong_registers),
		CASE(read_goes_on_whenever_the_tracer_dies),
		CASE(sleep_goes_on_whenever_the_tracer_dies),
	};

	return cmocka_run_group_tests(tests, map_staged, NULL);
}
