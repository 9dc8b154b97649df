/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a program ended, and what it printed.
 */
#include "spawn.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "spawn_world.h"

/* --- how it ended ---------------------------------------------------------- */

static void status_is_the_exit_status_or_128_and_the_signal(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{ "exit 0", 0 },	  { "exit 1", 1 },
		{ "exit 127", 127 },	  { "exit 255", 255 },
		{ "kill -KILL $$", 137 }, { "kill -TERM $$", 143 },
		{ "kill -SEGV $$", 139 }, { "kill -PIPE $$", 141 },
		{ "kill -ALRM $$", 142 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct spawn_result result = { .status = -77 };

		assert_int_equal(run_script(cases[i].script, 0, &result), 0);

		assert_int_equal(result.status, cases[i].status);
	}
	assert_same_world(&before);
	assert_no_child();
}

static void program_without_slash_is_looked_up_on_the_path(void **state)
{
	const char *argv[] = { "true", NULL };
	struct spawn_result result;

	(void)state;
	assert_int_equal(spawn_run(argv, 0, &result), 0);

	assert_int_equal(result.status, 0);
}

static void assert_not_run(const char *program, int error)
{
	const char *argv[] = { program, NULL };
	struct spawn_result result = { .status = -77 };

	assert_int_equal(spawn_run(argv, 1000, &result), error);

	assert_int_equal(result.status, -77);
	assert_same_world(&before);
	assert_no_child();
}

static void absent_program_is_enoent(void **state)
{
	(void)state;
	assert_not_run("/nowhere/cuda-checkpoint", -ENOENT);
	assert_not_run("no-such-cuda-checkpoint", -ENOENT);
	assert_not_run("", -ENOENT);
}

static void program_that_cannot_be_executed_is_an_error(void **state)
{
	char path[] = "/tmp/test_spawn.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "rubbish\n", 8), 8);
	close(fd);

	assert_not_run(path, -EACCES);
	assert_not_run("/", -EACCES);
	assert_int_equal(chmod(path, 0700), 0);
	assert_not_run(path, -ENOEXEC);

	unlink(path);
}

/* --- what it printed -------------------------------------------------------- */

static void stdout_and_stderr_are_kept_apart(void **state)
{
	struct spawn_result result;

	(void)state;
	assert_int_equal(run_script("echo out; echo err >&2; echo out2", 0, &result), 0);

	assert_string_equal(result.out.text, "out\nout2\n");
	assert_int_equal(result.out.length, 9);
	assert_false(result.out.truncated);
	assert_string_equal(result.err.text, "err\n");
	assert_int_equal(result.err.length, 4);
	assert_false(result.err.truncated);
}

static void silent_program_leaves_empty_text(void **state)
{
	struct spawn_result result;

	(void)state;
	memset(&result, 'x', sizeof(result));

	assert_int_equal(run_script("exit 0", 0, &result), 0);

	assert_int_equal(result.out.length, 0);
	assert_string_equal(result.out.text, "");
	assert_int_equal(result.err.length, 0);
	assert_string_equal(result.err.text, "");
}

static void nul_bytes_count_in_the_length(void **state)
{
	struct spawn_result result;

	(void)state;
	assert_int_equal(run_script("printf 'a\\0b'", 0, &result), 0);

	assert_int_equal(result.out.length, 3);
	assert_memory_equal(result.out.text, "a\0b", 4);
}

static void text_that_just_fits_is_not_truncated(void **state)
{
	struct spawn_result result;
	char script[64];

	(void)state;
	snprintf(script, sizeof(script), "head -c %d /dev/zero", SPAWN_OUTPUT_MAX);
	assert_int_equal(run_script(script, 0, &result), 0);
	assert_int_equal(result.out.length, SPAWN_OUTPUT_MAX);
	assert_false(result.out.truncated);

	snprintf(script, sizeof(script), "head -c %d /dev/zero", SPAWN_OUTPUT_MAX + 1);
	assert_int_equal(run_script(script, 0, &result), 0);
	assert_int_equal(result.out.length, SPAWN_OUTPUT_MAX);
	assert_true(result.out.truncated);
}

static void megabyte_is_cut_and_its_beginning_kept(void **state)
{
	struct spawn_result result;

	(void)state;
	assert_int_equal(run_script("echo begin; head -c 1048576 /dev/zero;"
				    "echo second >&2; head -c 1048576 /dev/zero >&2;"
				    "exit 5",
				    0, &result),
			 0);

	assert_int_equal(result.status, 5);
	assert_true(result.out.truncated);
	assert_int_equal(result.out.length, SPAWN_OUTPUT_MAX);
	assert_memory_equal(result.out.text, "begin\n", 7);
	assert_int_equal(result.out.text[SPAWN_OUTPUT_MAX], '\0');
	assert_true(result.err.truncated);
	assert_memory_equal(result.err.text, "second\n", 8);
}

static void program_that_closes_its_streams_is_waited_for(void **state)
{
	struct spawn_result result;
	int64_t start = clock_ms();
	clock_t cpu = clock();

	(void)state;
	assert_int_equal(
		run_script("echo x; exec >&- 2>&-; sleep 0.5; exit 7", 0, &result), 0);

	assert_int_equal(result.status, 7);
	assert_string_equal(result.out.text, "x\n");
	assert_true(clock_ms() - start >= 500);
	assert_true(clock() - cpu < CLOCKS_PER_SEC / 4);
}

static void grandchild_that_keeps_the_streams_is_not_waited_for(void **state)
{
	struct spawn_result result;
	int64_t start = clock_ms();

	(void)state;
	adopt_orphans();

	assert_int_equal(run_script("sleep 60 & echo $!; exit 4", 0, &result), 0);

	assert_true(clock_ms() - start < SLACK_MS);
	assert_int_equal(result.status, 4);
	assert_int_equal(kill((pid_t)strtol(result.out.text, NULL, 10), SIGKILL), 0);
	reap_all();
	assert_same_world(&before);
}

static void grandchild_that_prints_without_end_is_not_waited_for(void **state)
{
	struct spawn_result result;
	int64_t start = clock_ms();

	(void)state;
	adopt_orphans();

	assert_int_equal(run_script("yes & exit 3", 0, &result), 0);

	assert_true(clock_ms() - start < SLACK_MS);
	assert_int_equal(result.status, 3);
	reap_all();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, note_world, put_back_signals)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(status_is_the_exit_status_or_128_and_the_signal),
		CASE(program_without_slash_is_looked_up_on_the_path),
		CASE(absent_program_is_enoent),
		CASE(program_that_cannot_be_executed_is_an_error),
		CASE(stdout_and_stderr_are_kept_apart),
		CASE(silent_program_leaves_empty_text),
		CASE(nul_bytes_count_in_the_length),
		CASE(text_that_just_fits_is_not_truncated),
		CASE(megabyte_is_cut_and_its_beginning_kept),
		CASE(program_that_closes_its_streams_is_waited_for),
		CASE(grandchild_that_keeps_the_streams_is_not_waited_for),
		CASE(grandchild_that_prints_without_end_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
