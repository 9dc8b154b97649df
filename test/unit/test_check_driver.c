/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver and the utility as the doctor sees them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_outcome.h"
#include "driver_version.h"
#include "fake_spawn.h"
#include "file_tree.h"

#define NEEDED "--get-state --action --get-restore-tid"

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	(void)mode;
	return file_tree_open(path);
}

/* In place of tool.c. */
static int probe_error;

int tool_probe(const struct tool *tool, char *ret_reason, size_t size)
{
	assert_string_equal(tool->program, "cuda-checkpoint");
	if (probe_error)
		snprintf(ret_reason, size, "no libcuda.so.1");

	return probe_error;
}

static int set_up(void **state)
{
	(void)state;
	fake_spawn_reset();
	file_tree_clear();
	check_reset();
	probe_error = 0;
	return 0;
}

static void driver(const char *version)
{
	file_tree_add(DRIVER_VERSION_FILE,
		      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  %s  Tue\n",
		      version);
}

/* --- the utility
 * ------------------------------------------------------------------------ */

static void what_a_utility_knows_is_told(void **state)
{
	(void)state;
	fake_spawn_answer(0, NEEDED " --timeout --device-map --launch-job\n", NULL);
	assert_says(check_utility, GRADE_OK,
		    "\"cuda-checkpoint\" knows states, actions, restore threads, a "
		    "timeout for "
		    "locks, other GPUs in a restore, jobs with CUDA IPC; not several "
		    "processes "
		    "in a run, how much GPU memory a process has",
		    NULL);
	assert_string_equal(fake_spawn.journal, "cuda-checkpoint --help (10000 ms);");
	assert_true(examination.tool.has_learned);
	assert_false(examination.tool.takes_several);

	fake_spawn_answer(0, NEEDED "\nSeveral --pid: all at once.\n", NULL);
	check_utility(&examination, &diagnosis);
	assert_true(examination.tool.takes_several);
}

static void each_thing_wrong_with_the_utility_is_an_error(void **state)
{
	(void)state;
	fake_spawn_fail(-ENOENT);
	assert_says(check_utility, GRADE_ERROR, "there is no \"cuda-checkpoint\"",
		    "put cuda-checkpoint on PATH, or name it with the option "
		    "cuda-checkpoint");
	fake_spawn_fail(-ETIMEDOUT);
	assert_says(check_utility, GRADE_ERROR,
		    "\"cuda-checkpoint\" cannot be used: no answer in 10000 ms", NULL);
	fake_spawn_answer(127, NULL, "libcuda.so.1: cannot open\n");
	assert_says(check_utility, GRADE_ERROR,
		    "\"cuda-checkpoint\" cannot be used: libcuda.so.1: cannot open",
		    NULL);
	assert_false(examination.tool.has_learned);
	fake_spawn_answer(0, "--toggle --get-state\n", NULL);
	assert_says(check_utility, GRADE_ERROR,
		    "\"cuda-checkpoint\" does not know what the plugin needs: actions, "
		    "restore "
		    "threads",
		    NULL);
}

static void the_driver_is_asked_by_the_utility(void **state)
{
	(void)state;
	assert_says(check_library, GRADE_NONE, "", NULL);
	examination.tool.has_learned = true;
	assert_says(check_library, GRADE_OK, "the driver answers by the utility", NULL);
	assert_true(examination.utility_answers);

	examination.utility_answers = false;
	probe_error = -EIO;
	assert_says(check_library, GRADE_ERROR,
		    "the driver does not answer by the utility: no libcuda.so.1", NULL);
	assert_false(examination.utility_answers);
}

/* --- the driver
 * -------------------------------------------------------------------------- */

#if !defined(__aarch64__)
static void what_a_driver_brings_is_told(void **state)
{
	(void)state;
	driver("580.159.04");
	assert_says(check_driver, GRADE_OK,
		    "580.159.04 brings checkpoints, processes that use NVML, restores on "
		    "other "
		    "GPUs; not launched jobs (r590), CUDA on Arm (r595), CUDA IPC in "
		    "launched "
		    "jobs (r610), storage of one's own (r615)",
		    NULL);
	driver("615.1");
	assert_says(
		check_driver, GRADE_OK,
		"615.1 brings checkpoints, processes that use NVML, restores on other "
		"GPUs, "
		"launched jobs, CUDA on Arm, CUDA IPC in launched jobs, storage of one's "
		"own",
		NULL);
}

static void an_old_driver_is_a_warning_and_an_older_one_an_error(void **state)
{
	(void)state;
	driver("555.42");
	check_driver(&examination, &diagnosis);
	assert_int_equal(diagnosis.grade, GRADE_WARNING);
	assert_non_null(strstr(diagnosis.remedy, "r570"));
	driver("550.54.15");
	assert_says(check_driver, GRADE_ERROR,
		    "550.54.15 cannot checkpoint processes here",
		    "install r570 or newer");
}
#else
static void cuda_on_arm_needs_a_newer_driver(void **state)
{
	(void)state;
	driver("580.159.04");
	assert_says(check_driver, GRADE_ERROR,
		    "580.159.04 cannot checkpoint processes here",
		    "install r595 or newer");
}
#endif

static void no_driver_is_an_error_unless_that_is_wished(void **state)
{
	(void)state;
	assert_says(check_driver, GRADE_ERROR,
		    "there is no NVIDIA driver, by /proc/driver/nvidia/version", NULL);
	examination.options.force = true;
	assert_says(check_driver, GRADE_OK,
		    "there is no NVIDIA driver, by /proc/driver/nvidia/version, and the "
		    "option "
		    "force is on",
		    NULL);
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_a_utility_knows_is_told),
		CASE(each_thing_wrong_with_the_utility_is_an_error),
		CASE(the_driver_is_asked_by_the_utility),
#if !defined(__aarch64__)
		CASE(what_a_driver_brings_is_told),
		CASE(an_old_driver_is_a_warning_and_an_older_one_an_error),
#else
		CASE(cuda_on_arm_needs_a_newer_driver),
#endif
		CASE(no_driver_is_an_error_unless_that_is_wished),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
