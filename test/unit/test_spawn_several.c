/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Several programs at once: waited for together, and each ended, killed or left alone.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "clock.h"
#include "spawn_world.h"

#define SLEEPS "exec sleep 60"

static struct spawn *spawns[SPAWN_AT_ONCE_MAX];

static int set_up(void **state)
{
	for (size_t i = 0; i < SPAWN_AT_ONCE_MAX; i++) {
		spawns[i] = malloc(sizeof(*spawns[i]));
		if (!spawns[i])
			return -ENOMEM;
		memset(spawns[i], 'x', sizeof(*spawns[i]));
	}

	return note_world(state);
}

static int tear_down(void **state)
{
	for (size_t i = 0; i < SPAWN_AT_ONCE_MAX; i++)
		free(spawns[i]);

	return put_back_signals(state);
}

static void start(size_t i, const char *script)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };

	assert_int_equal(spawn_start(argv, spawns[i]), 0);
	assert_true(spawns[i]->pid > 0);
	assert_int_equal(spawns[i]->result.out.length, 0);
}

/* Wait for this one alone. */
static int finish(size_t i)
{
	int ret;

	while ((ret = spawn_reap(spawns[i])) == 0)
		spawn_wait(&spawns[i], 1, -1, -1);

	return ret;
}

/* Somebody else takes the status of this one. */
static void steal(size_t i)
{
	assert_int_equal(waitpid(spawns[i]->pid, NULL, 0), spawns[i]->pid);
}

static void assert_nothing_left(void)
{
	assert_same_world(&before);
	assert_no_child();
}

static void all_run_at_the_same_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		start(i, SLEEPS);

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(spawn_reap(spawns[i]), 0);

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(spawn_kill(spawns[i]), 0);
	assert_nothing_left();
}

static void each_ends_in_its_own_time_with_its_own_output(void **state)
{
	static const char *const scripts[] = {
		"echo first; echo err0 >&2; sleep 1.4; exit 3",
		"sleep 0.2; echo second; exit 4",
		"sleep 0.8; echo third; exit 5",
	};
	static const size_t expected[] = { 1, 2, 0 };
	size_t order[3], ended = 0;
	bool is_over[3] = { false };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		start(i, scripts[i]);

	while (ended < 3) {
		spawn_wait(spawns, 3, -1, -1);
		for (size_t i = 0; i < 3; i++) {
			if (is_over[i] || !spawn_reap(spawns[i]))
				continue;
			is_over[i] = true;
			order[ended++] = i;
		}
	}

	assert_memory_equal(order, expected, sizeof(expected));
	assert_string_equal(spawns[0]->result.out.text, "first\n");
	assert_string_equal(spawns[0]->result.err.text, "err0\n");
	assert_string_equal(spawns[1]->result.out.text, "second\n");
	assert_string_equal(spawns[2]->result.out.text, "third\n");
	for (int i = 0; i < 3; i++)
		assert_int_equal(spawns[i]->result.status, 3 + i);
	assert_nothing_left();
}

static void what_one_prints_is_there_before_it_ends(void **state)
{
	struct spawn_output *out = &spawns[0]->result.out;

	(void)state;
	start(0, "echo one; sleep 1; echo two; exec sleep 60");

	while (out->length < 4)
		spawn_wait(spawns, 1, -1, -1);
	assert_int_equal(out->length, 4);
	assert_string_equal(out->text, "one\n");
	assert_int_equal(spawn_reap(spawns[0]), 0);

	/* It may be taken away. */
	memset(out->text, 0, 4);
	out->length = 0;
	while (out->length < 4)
		spawn_wait(spawns, 1, -1, -1);
	assert_string_equal(out->text, "two\n");

	assert_int_equal(spawn_kill(spawns[0]), 0);
	assert_nothing_left();
}

static void wait_is_over_at_its_end(void **state)
{
	static const int64_t ends[] = { 0, 50, 200 };

	(void)state;
	start(0, SLEEPS);
	start(1, SLEEPS);

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		const int64_t begin = clock_ms();

		spawn_wait(spawns, 2, -1, begin + ends[i]);

		assert_true(clock_ms() - begin >= ends[i]);
		assert_true(clock_ms() - begin < ends[i] + SLACK_MS);
	}
	/* One that is over already. */
	spawn_wait(spawns, 2, -1, 0);

	assert_int_equal(spawn_kill(spawns[0]), 0);
	assert_int_equal(spawn_kill(spawns[1]), 0);
	assert_nothing_left();
}

static void wait_ends_when_another_descriptor_can_be_read(void **state)
{
	const int64_t begin = clock_ms();
	int ends[2];

	(void)state;
	start(0, SLEEPS);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);

	spawn_wait(spawns, 1, ends[0], begin + 60000);

	assert_true(clock_ms() - begin < SLACK_MS);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(spawn_kill(spawns[0]), 0);
	assert_nothing_left();
}

static void wait_takes_no_time_of_the_processor(void **state)
{
	clock_t cpu;

	(void)state;
	start(0, "exec >&- 2>&-; exec sleep 60");
	start(1, SLEEPS);
	cpu = clock();

	for (int64_t end = clock_ms() + 500; clock_ms() < end;)
		spawn_wait(spawns, 2, -1, end);

	assert_true(clock() - cpu < CLOCKS_PER_SEC / 4);
	assert_int_equal(spawn_kill(spawns[0]), 0);
	assert_int_equal(spawn_kill(spawns[1]), 0);
}

static void as_many_as_are_allowed_can_be_waited_for(void **state)
{
	size_t over = 0;
	bool is_over[SPAWN_AT_ONCE_MAX] = { false };

	(void)state;
	for (size_t i = 0; i < SPAWN_AT_ONCE_MAX; i++)
		start(i, "echo x; exit 9");

	while (over < SPAWN_AT_ONCE_MAX) {
		spawn_wait(spawns, SPAWN_AT_ONCE_MAX, -1, -1);
		for (size_t i = 0; i < SPAWN_AT_ONCE_MAX; i++) {
			/* One that is over does not stay in the way: its streams are
			 * closed.
			 */
			if (is_over[i] || !spawn_reap(spawns[i]))
				continue;
			is_over[i] = true;
			over++;
			assert_int_equal(spawns[i]->result.status, 9);
			assert_string_equal(spawns[i]->result.out.text, "x\n");
		}
	}
	assert_nothing_left();
}

static void one_is_killed_with_what_it_runs_and_the_others_go_on(void **state)
{
	int64_t begin;

	(void)state;
	adopt_orphans();
	start(0, "trap '' TERM; sleep 60; exit 0");
	start(1, "sleep 0.3; echo x; exit 7");

	assert_int_equal(spawn_kill(spawns[0]), 0);

	assert_int_equal(spawns[0]->result.status, 128 + SIGKILL);
	assert_int_equal(finish(1), 1);
	assert_int_equal(spawns[1]->result.status, 7);
	assert_string_equal(spawns[1]->result.out.text, "x\n");
	begin = clock_ms();
	reap_all();
	assert_true(clock_ms() - begin < SLACK_MS);
	assert_nothing_left();
}

static void stopped_one_can_be_killed(void **state)
{
	siginfo_t info;

	(void)state;
	start(0, "kill -STOP $$");
	assert_int_equal(waitid(P_PID, (id_t)spawns[0]->pid, &info, WSTOPPED | WNOWAIT),
			 0);

	assert_int_equal(spawn_kill(spawns[0]), 0);

	assert_int_equal(spawns[0]->result.status, 128 + SIGKILL);
	assert_nothing_left();
}

static void one_that_has_ended_keeps_its_status_when_it_is_killed(void **state)
{
	siginfo_t info;

	(void)state;
	start(0, "echo x; exit 5");
	assert_int_equal(waitid(P_PID, (id_t)spawns[0]->pid, &info, WEXITED | WNOWAIT),
			 0);

	assert_int_equal(spawn_kill(spawns[0]), 0);

	assert_int_equal(spawns[0]->result.status, 5);
	assert_string_equal(spawns[0]->result.out.text, "x\n");
	assert_nothing_left();
}

/* With nobody to read what it prints; it is the caller's to reap. */
static void one_that_is_left_goes_on(void **state)
{
	int status;

	(void)state;
	start(0, "sleep 0.3; exit 7");

	spawn_leave(spawns[0]);

	assert_same_world(&before);
	assert_int_equal(waitpid(spawns[0]->pid, &status, WNOHANG), 0);
	assert_int_equal(waitpid(spawns[0]->pid, &status, 0), spawns[0]->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_no_child();
}

static void status_that_somebody_else_took_is_an_error(void **state)
{
	(void)state;
	start(0, "exit 0");
	start(1, "exit 0");
	steal(0);
	steal(1);

	assert_int_equal(spawn_reap(spawns[0]), -ECHILD);
	assert_int_equal(spawn_kill(spawns[1]), -ECHILD);

	assert_nothing_left();
}

static void absent_program_leaves_nothing_to_wait_for(void **state)
{
	const char *argv[] = { "/nowhere/cuda-checkpoint", NULL };

	(void)state;
	assert_int_equal(spawn_start(argv, spawns[0]), -ENOENT);

	assert_nothing_left();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(all_run_at_the_same_time),
		CASE(each_ends_in_its_own_time_with_its_own_output),
		CASE(what_one_prints_is_there_before_it_ends),
		CASE(wait_is_over_at_its_end),
		CASE(wait_ends_when_another_descriptor_can_be_read),
		CASE(wait_takes_no_time_of_the_processor),
		CASE(as_many_as_are_allowed_can_be_waited_for),
		CASE(one_is_killed_with_what_it_runs_and_the_others_go_on),
		CASE(stopped_one_can_be_killed),
		CASE(one_that_has_ended_keeps_its_status_when_it_is_killed),
		CASE(one_that_is_left_goes_on),
		CASE(status_that_somebody_else_took_is_an_error),
		CASE(absent_program_leaves_nothing_to_wait_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
