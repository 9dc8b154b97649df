/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include "gpu_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "capture.h"
#include "fake_libnvml.h"

#define MIB (1ULL << 20)

struct outcome {
	int ret;
	struct capture out;
	struct capture err;
};

static int reset(void **state)
{
	(void)state;
	fake_libnvml_reset();
	return 0;
}

static struct outcome print(const int *pids, size_t count)
{
	struct outcome outcome;
	struct libnvml libnvml;

	assert_int_equal(libnvml_open(&libnvml), 0);
	capture_begin(&outcome.out, stdout);
	capture_begin(&outcome.err, stderr);
	outcome.ret = gpu_memory_print(pids, count, &libnvml);
	capture_end(&outcome.err);
	capture_end(&outcome.out);
	return outcome;
}

static void assert_outcome(const struct outcome *outcome, int ret, const char *out,
			   const char *err)
{
	assert_string_equal(outcome->err.text, err);
	assert_string_equal(outcome->out.text, out);
	assert_int_equal(outcome->ret, ret);
	assert_false(fake_libnvml.is_initialised);
}

static void each_pid_has_its_line_in_the_order_given(void **state)
{
	static const int pids[] = { 9, 7, 8, 7 };
	struct outcome outcome;

	(void)state;
	fake_libnvml_add(0, 7, 1544 * MIB);
	fake_libnvml_add(0, 77, 5);
	fake_libnvml_add(0, 9, 0);

	outcome = print(pids, 4);

	assert_outcome(&outcome, 0, "9 0\n7 1619001344\n8 unknown\n7 1619001344\n", "");
	assert_string_equal(fake_libnvml.journal,
			    "init;count;gpu 0;list 0 (64);shutdown;");
}

static void memory_on_all_gpus_is_added_up(void **state)
{
	static const int pids[] = { 7, 8 };
	struct outcome outcome;

	(void)state;
	fake_libnvml.gpu_count = 3;
	fake_libnvml_add(0, 7, 80000000000);
	fake_libnvml_add(1, 8, 1);
	fake_libnvml_add(2, 7, 80000000000);
	fake_libnvml_add(2, 7, 5); /* of another MIG instance */

	outcome = print(pids, 2);

	assert_outcome(&outcome, 0, "7 160000000005\n8 1\n", "");
}

static void what_nvml_does_not_know_on_one_gpu_is_unknown(void **state)
{
	static const int pids[] = { 7, 8 };
	struct outcome outcome;

	(void)state;
	fake_libnvml.gpu_count = 2;
	fake_libnvml_add(0, 7, NVML_VALUE_NOT_AVAILABLE);
	fake_libnvml_add(1, 7, 5);
	fake_libnvml_add(1, 8, 6);

	outcome = print(pids, 2);

	assert_outcome(&outcome, 0, "7 unknown\n8 6\n", "");
}

static void a_list_that_does_not_fit_is_asked_for_again(void **state)
{
	static const int pids[] = { 7 };
	struct outcome outcome;

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		fake_libnvml_add(0, 100 + i, 1);
	fake_libnvml_add(0, 7, 4711);
	fake_libnvml.newcomers = 60;

	outcome = print(pids, 1);

	assert_outcome(&outcome, 0, "7 4711\n", "");
	assert_string_equal(fake_libnvml.journal, "init;count;gpu 0;list 0 (64) = 7;"
						  "list 0 (322);shutdown;");
}

static void a_list_that_never_fits_is_given_up(void **state)
{
	static const int pids[] = { 7 };
	struct outcome outcome;

	(void)state;
	fake_libnvml.never_fits = true;

	outcome = print(pids, 1);

	assert_outcome(&outcome, -EIO, "",
		       "cuda-checkpoint: NVML cannot list the processes of GPU 0: "
		       "\"error 7\"\n");
}

static void no_gpu_is_an_error(void **state)
{
	static const int pids[] = { 7 };
	struct outcome outcome;

	(void)state;
	fake_libnvml.gpu_count = 0;

	outcome = print(pids, 1);

	assert_outcome(&outcome, -ENODEV, "",
		       "cuda-checkpoint: there is no NVIDIA GPU here\n");
}

/* Two GPUs, and the nth call fails. */
static const struct {
	nvmlReturn_t result;
	const char *err;
	const char *journal;
} failures[] = {
	{ NVML_ERROR_DRIVER_NOT_LOADED,
	  "cuda-checkpoint: NVML cannot start: \"error 9\"\n", "init = 9;" },
	{ NVML_ERROR_UNKNOWN,
	  "cuda-checkpoint: NVML cannot count the GPUs: \"error 999\"\n",
	  "init;count = 999;shutdown;" },
	{ NVML_ERROR_NO_PERMISSION,
	  "cuda-checkpoint: NVML cannot find GPU 0: \"error 4\"\n",
	  "init;count;gpu 0 = 4;shutdown;" },
	{ NVML_ERROR_NOT_SUPPORTED,
	  "cuda-checkpoint: NVML cannot list the processes of GPU 0: \"error 3\"\n",
	  "init;count;gpu 0;list 0 (64) = 3;shutdown;" },
	{ NVML_ERROR_GPU_IS_LOST,
	  "cuda-checkpoint: NVML cannot find GPU 1: \"error 15\"\n",
	  "init;count;gpu 0;list 0 (64);gpu 1 = 15;shutdown;" },
	{ NVML_ERROR_GPU_IS_LOST,
	  "cuda-checkpoint: NVML cannot list the processes of GPU 1: \"error 15\"\n",
	  "init;count;gpu 0;list 0 (64);gpu 1;list 1 (64) = 15;shutdown;" },
};

static void a_failure_is_one_line_and_no_answer(void **state)
{
	static const int pids[] = { 7 };

	for (unsigned int i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct outcome outcome;

		reset(state);
		fake_libnvml.gpu_count = 2;
		fake_libnvml_add(0, 7, 1);
		fake_libnvml.fail_call = i + 1;
		fake_libnvml.fail_result = failures[i].result;

		outcome = print(pids, 1);

		assert_outcome(&outcome, -EIO, "", failures[i].err);
		assert_string_equal(fake_libnvml.journal, failures[i].journal);
	}
}

#define CASE(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_pid_has_its_line_in_the_order_given),
		CASE(memory_on_all_gpus_is_added_up),
		CASE(what_nvml_does_not_know_on_one_gpu_is_unknown),
		CASE(a_list_that_does_not_fit_is_asked_for_again),
		CASE(a_list_that_never_fits_is_given_up),
		CASE(no_gpu_is_an_error),
		CASE(a_failure_is_one_line_and_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
