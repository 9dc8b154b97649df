/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The GPUs as the doctor sees them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check_outcome.h"
#include "doctor/process_name.h"
#include "machine.h"

#define GIB (UINT64_C(1) << 30)

static size_t gpus;   /* as machine.c has it */
static int ask_error; /* of nvidia-smi */
static struct gpu_list answer;
static pid_t daemon_pid;
static int find_error;

size_t machine_gpus(void)
{
	return gpus;
}

int gpu_list_ask(struct gpu_list *ret_list, char *ret_reason, size_t size)
{
	if (ask_error)
		snprintf(ret_reason, size, "why not");
	else
		*ret_list = answer;

	return ask_error;
}

int process_name_find(const char *name, pid_t after, pid_t *ret_pid)
{
	assert_int_equal(after, 0);
	assert_string_equal(name, "nvidia-cuda-mps-control");
	if (!find_error)
		*ret_pid = daemon_pid;

	return find_error;
}

static int set_up(void **state)
{
	static const struct gpu good = { .persistence = GPU_SETTING_ON,
					 .mig = GPU_SETTING_OFF,
					 .memory = 80 * GIB,
					 .name = "H100" };

	(void)state;
	check_reset();
	gpus = 2;
	ask_error = find_error = 0;
	daemon_pid = 0;
	answer = (struct gpu_list){ .count = 2, .at = { good, good } };
	answer.at[1].index = 1;
	examination.gpus = answer;
	return 0;
}

static void gpus_are_named(void **state)
{
	(void)state;
	examination.gpus.count = 0;
	answer.at[1].memory = 0;
	assert_says(check_gpus, GRADE_OK,
		    "2: H100 with 80.0 GiB, H100 with memory of the host", NULL);
	assert_int_equal(examination.gpus.count, 2);
}

static void no_gpu_is_an_error_unless_that_is_wished(void **state)
{
	(void)state;
	gpus = 0;
	assert_says(check_gpus, GRADE_ERROR, "there is none in /proc/driver/nvidia/gpus",
		    NULL);
	examination.options.force = true;
	assert_says(check_gpus, GRADE_OK,
		    "none in /proc/driver/nvidia/gpus, and the option force is on", NULL);
}

static void without_nvidia_smi_no_more_is_known(void **state)
{
	(void)state;
	examination.gpus.count = 0;
	ask_error = -ENOENT;
	assert_says(check_gpus, GRADE_WARNING, "2, of which no more can be said: why not",
		    NULL);
	assert_says(check_persistence, GRADE_NONE, "", NULL);
	assert_says(check_mig, GRADE_NONE, "", NULL);
}

static void persistence_mode_that_is_off_is_a_warning(void **state)
{
	(void)state;
	assert_says(check_persistence, GRADE_OK, "on", NULL);
	examination.gpus.at[1].persistence = GPU_SETTING_OFF;
	assert_says(check_persistence, GRADE_WARNING,
		    "off on GPU 1: while nobody uses it the driver lets it go, and each "
		    "restore waits for it again",
		    "run nvidia-persistenced, or nvidia-smi -pm 1");
	examination.gpus.at[0].persistence = GPU_SETTING_UNKNOWN;
	examination.gpus.at[1].persistence = GPU_SETTING_UNKNOWN;
	assert_says(check_persistence, GRADE_WARNING, "not known of GPU 0,1", "");
}

static void a_gpu_divided_by_mig_is_a_warning_and_all_are_an_error(void **state)
{
	(void)state;
	assert_says(check_mig, GRADE_OK, "off", NULL);
	examination.gpus.at[1].mig = GPU_SETTING_ON;
	assert_says(check_mig, GRADE_WARNING,
		    "GPU 1 is divided by MIG, which no driver so far can checkpoint",
		    "nvidia-smi -i 1 -mig 0");
	examination.gpus.at[0].mig = GPU_SETTING_ON;
	assert_says(check_mig, GRADE_ERROR,
		    "GPU 0,1 is divided by MIG, which no driver so far can checkpoint",
		    "nvidia-smi -i 0,1 -mig 0");
}

static void a_daemon_of_mps_is_a_warning(void **state)
{
	(void)state;
	assert_says(check_mps, GRADE_OK, "its daemon does not run", NULL);
	daemon_pid = 4711;
	assert_says(
		check_mps, GRADE_WARNING,
		"its daemon runs, pid 4711: whether its clients can be checkpointed was "
		"never tried",
		NULL);
	find_error = -EACCES;
	assert_says(check_mps, GRADE_WARNING,
		    "whether its daemon runs cannot be seen: Permission denied", "");
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(gpus_are_named),
		CASE(no_gpu_is_an_error_unless_that_is_wished),
		CASE(without_nvidia_smi_no_more_is_known),
		CASE(persistence_mode_that_is_off_is_a_warning),
		CASE(a_gpu_divided_by_mig_is_a_warning_and_all_are_an_error),
		CASE(a_daemon_of_mps_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
