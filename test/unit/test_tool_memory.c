/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The question how much GPU memory processes hold, which not every utility can answer.
 */
#include "tool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_log.h"
#include "fake_spawn.h"
#include "tool_runs.h"

#define UNTOUCHED_BYTES 77

static const pid_t pids[] = { PID, 12 };

static void memory_of_all_is_asked_in_one_run(void **state)
{
	uint64_t bytes[2] = { UNTOUCHED_BYTES, UNTOUCHED_BYTES };

	(void)state;
	fake_spawn_answer(0, "4711 75161927680\n12 unknown\n", "a loader's warning\n");

	assert_int_equal(tool_get_memory(&tool, pids, 2, bytes), 0);

	assert_true(bytes[0] == 75161927680);
	assert_true(bytes[1] == MEMORY_UNKNOWN);
	assert_string_equal(fake_spawn.journal,
			    "cuda-checkpoint --get-memory --pid 4711 --pid 12 "
			    "(60000 ms);");
	assert_nothing_logged();
}

/* Utilities that cannot tell, each with the reason that is logged. */
static const struct {
	const char *out;
	const char *err;
	const char *says;
} unable[] = {
	{ "Invalid option(s) or option(s) not supported by this CUDA Driver\nCUDA "
	  "checkpoint and restore utility.\n",
	  "cuda-checkpoint: unrecognized option '--get-memory'\n",
	  "not known: cuda-checkpoint: unrecognized option '--get-memory'\n" },
	{ NULL,
	  "cuda-checkpoint: cannot load libnvidia-ml.so.1, the NVIDIA driver with NVML "
	  "is "
	  "needed: x\n",
	  "not known: cuda-checkpoint: cannot load libnvidia-ml.so.1" },
	{ NULL, "cuda-checkpoint: NVML cannot start: \"Driver Not Loaded\"\n",
	  "\"Driver Not Loaded\"\n" },
	{ NULL, "cuda-checkpoint: NVML cannot start: \"initialization error\"\n",
	  "\"initialization error\"\n" },
	{ NULL, NULL, "not known: it ended with status 1 and said nothing\n" },
};

static void a_utility_that_cannot_tell_is_a_finding_and_no_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unable); i++) {
		uint64_t bytes = UNTOUCHED_BYTES;

		again();
		fake_spawn_answer(1, unable[i].out, unable[i].err);

		assert_int_equal(tool_get_memory(&tool, pids, 1, &bytes), -ENODATA);

		assert_int_equal(bytes, UNTOUCHED_BYTES);
		assert_int_equal(fake_log_errors(), 0);
		assert_int_equal(fake_log.lines[LOG_LEVEL_INFO], 1);
		assert_int_equal(fake_log.malformed, 0);
		if (!fake_log_has(unable[i].says))
			fail_msg("%s", fake_log.text);
	}
}

static void an_answer_that_cannot_be_understood_is_logged_whole(void **state)
{
	uint64_t bytes = UNTOUCHED_BYTES;

	(void)state;
	fake_spawn_answer(0, "4711 5\n4712 6\n", NULL);

	assert_int_equal(tool_get_memory(&tool, pids, 1, &bytes), -EBADMSG);

	assert_int_equal(bytes, UNTOUCHED_BYTES);
	assert_logged_once("--get-memory: cannot understand the answer: 4711 5;4712 6\n");
}

static void a_utility_that_crashes_is_an_error(void **state)
{
	uint64_t bytes[2] = { UNTOUCHED_BYTES, UNTOUCHED_BYTES };

	(void)state;
	fake_spawn_answer(139, NULL, "Segmentation fault\n");

	assert_int_equal(tool_get_memory(&tool, pids, 2, bytes), -EIO);

	assert_int_equal(bytes[0], UNTOUCHED_BYTES);
	assert_int_equal(fake_log_errors(), 1);
	assert_true(fake_log_has("pid 4711 and others: cuda-checkpoint --get-memory: "
				 "Segmentation fault\n"));
}

static void a_utility_that_cannot_be_run_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < FAILED_SPAWNS; i++) {
		uint64_t bytes = UNTOUCHED_BYTES;

		again();
		fake_spawn_fail(failed_spawns[i].error);

		assert_int_equal(tool_get_memory(&tool, pids, 1, &bytes),
				 failed_spawns[i].expected);

		assert_int_equal(bytes, UNTOUCHED_BYTES);
		assert_logged_once(failed_spawns[i].says);
	}
}

/* What is printed for the processes from @first to @last. */
static void answer_for(int first, int last)
{
	char text[SPAWN_OUTPUT_MAX] = "";
	size_t used = 0;

	for (int pid = first; pid <= last; pid++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%d %d\n", pid,
					 10 * pid);
	fake_spawn_answer(0, text, NULL);
}

static void many_processes_are_asked_about_in_several_runs(void **state)
{
	pid_t many[450];
	uint64_t bytes[450] = { UNTOUCHED_BYTES };

	(void)state;
	for (int i = 0; i < 450; i++)
		many[i] = i + 1;
	answer_for(1, 200);
	answer_for(201, 400);
	answer_for(401, 450);

	assert_int_equal(tool_get_memory(&tool, many, 450, bytes), 0);

	for (unsigned int i = 0; i < 450; i++)
		assert_int_equal(bytes[i], 10 * (i + 1));
	assert_int_equal(fake_spawn.calls, 3);
}

static void nothing_is_written_when_a_later_run_fails(void **state)
{
	pid_t many[250];
	uint64_t bytes[250];

	(void)state;
	for (int i = 0; i < 250; i++) {
		many[i] = i + 1;
		bytes[i] = UNTOUCHED_BYTES;
	}
	answer_for(1, 200);
	answer_for(201, 249);

	assert_int_equal(tool_get_memory(&tool, many, 250, bytes), -EBADMSG);

	for (int i = 0; i < 250; i++)
		assert_int_equal(bytes[i], UNTOUCHED_BYTES);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(memory_of_all_is_asked_in_one_run),
		CASE(a_utility_that_cannot_tell_is_a_finding_and_no_error),
		CASE(an_answer_that_cannot_be_understood_is_logged_whole),
		CASE(a_utility_that_crashes_is_an_error),
		CASE(a_utility_that_cannot_be_run_is_an_error),
		CASE(many_processes_are_asked_about_in_several_runs),
		CASE(nothing_is_written_when_a_later_run_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
