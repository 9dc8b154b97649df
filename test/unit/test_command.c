/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "command_outcome.h"
#include "fake_libcuda.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* --- get-state, get-restore-tid ------------------------------------------ */

static void get_state_prints_the_drivers_word(void **state)
{
	static const char *const words[] = { "running\n",	"locked\n",
					     "checkpointed\n",	"failed\n",
					     "checkpointing\n", "restoring\n" };
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		fake_libcuda.state = (int)i;

		outcome = run((struct arguments){ .operation = OPERATION_GET_STATE });

		assert_outcome(&outcome, 0, words[i], "");
	}
}

static void get_state_does_not_guess(void **state)
{
	struct outcome outcome;

	(void)state;
	fake_libcuda.state = 6;

	outcome = run((struct arguments){ .operation = OPERATION_GET_STATE });

	assert_outcome(&outcome, -EIO, "",
		       "Error getting process state for process ID 7: "
		       "\"state 6 is not known\"\n");
}

static void get_state_of_another_process_is_an_error(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = run((struct arguments){ .operation = OPERATION_GET_STATE, .pid = 9 });

	assert_outcome(&outcome, -EIO, "",
		       "Error getting process state for process ID 9: \"error 3\"\n");
	assert_string_equal(fake_libcuda.journal, "state 9 = 3;");
}

static void get_restore_tid_prints_it(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = run((struct arguments){ .operation = OPERATION_GET_RESTORE_TID });

	assert_outcome(&outcome, 0, "8\n", "");
	assert_string_equal(fake_libcuda.journal, "tid 7;");
}

static void get_restore_tid_of_another_process_is_an_error(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = run(
		(struct arguments){ .operation = OPERATION_GET_RESTORE_TID, .pid = 9 });

	assert_outcome(&outcome, -EIO, "",
		       "Could not find restore thread for process ID 9\n");
}

/* --- actions ------------------------------------------------------------- */

static const enum cuda_action all_actions[] = { CUDA_LOCK, CUDA_CHECKPOINT, CUDA_RESTORE,
						CUDA_UNLOCK };

static void the_whole_ladder_is_silent(void **state)
{
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all_actions); i++) {
		outcome = act(all_actions[i]);
		assert_outcome(&outcome, 0, "", "");
		assert_int_equal(fake_libcuda.state, cuda_action_to(all_actions[i]));
	}

	assert_string_equal(fake_libcuda.journal,
			    "lock 7;checkpoint 7;restore 7;unlock 7;");
}

static void a_refused_action_is_named_with_pid_and_reason(void **state)
{
	char expected[100];
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all_actions); i++) {
		fake_libcuda.state = CUDA_FAILED;
		snprintf(expected, sizeof(expected),
			 "Could not %s on process ID 7: \"error 401\"\n",
			 cuda_action_name(all_actions[i]));

		outcome = act(all_actions[i]);

		assert_outcome(&outcome, -EIO, "", expected);
	}
}

static void lock_passes_its_timeout(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = run((struct arguments){
		.operation = OPERATION_ACTION, .action = CUDA_LOCK, .timeout_ms = 100 });

	assert_outcome(&outcome, 0, "", "");
	assert_string_equal(fake_libcuda.journal, "lock 7 timeout 100;");
}

/* --- restore and cuInit -------------------------------------------------- */

static void restore_initialises_cuda_when_the_driver_wants_it(void **state)
{
	struct outcome outcome;

	(void)state;
	fake_libcuda.state = CUDA_CHECKPOINTED;
	fake_libcuda.asleep = true;

	outcome = act(CUDA_RESTORE);

	assert_outcome(&outcome, 0, "", "");
	assert_string_equal(fake_libcuda.journal,
			    "restore 7 = 3;tid 7;init 0;restore 7;");
}

static void restore_of_a_process_without_cuda_initialises_nothing(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = run((struct arguments){
		.operation = OPERATION_ACTION, .action = CUDA_RESTORE, .pid = 9 });

	assert_outcome(&outcome, -EIO, "",
		       "Could not restore on process ID 9: \"error 3\"\n");
	assert_string_equal(fake_libcuda.journal, "restore 9 = 3;tid 9 = 3;");
}

static void restore_reports_why_cuda_cannot_be_initialised(void **state)
{
	struct outcome outcome;

	(void)state;
	fake_libcuda.state = CUDA_CHECKPOINTED;
	fake_libcuda.asleep = true;
	fake_libcuda.init_result = CUDA_ERROR_NO_DEVICE;

	outcome = act(CUDA_RESTORE);

	assert_outcome(&outcome, -EIO, "",
		       "Could not restore on process ID 7: \"error 100\"\n");
	assert_string_equal(fake_libcuda.journal, "restore 7 = 3;tid 7;init 0 = 100;");
}

static void restore_tries_again_only_once(void **state)
{
	struct outcome outcome;

	(void)state;
	fake_libcuda.state = CUDA_CHECKPOINTED;
	fake_libcuda.asleep = true;
	fake_libcuda.fail_call = 3;
	fake_libcuda.fail_result = CUDA_ERROR_NOT_INITIALIZED;

	outcome = act(CUDA_RESTORE);

	assert_outcome(&outcome, -EIO, "",
		       "Could not restore on process ID 7: \"error 3\"\n");
	assert_string_equal(fake_libcuda.journal,
			    "restore 7 = 3;tid 7;init 0;restore 7 = 3;");
}

/* --- device map ---------------------------------------------------------- */

static struct outcome restore_with_map(void)
{
	struct device_pair pairs[] = { { .from = { 0x11 }, .to = { [15] = 0xee } },
				       { .from = { 0x22 }, .to = { [15] = 0xdd } } };

	fake_libcuda.state = CUDA_CHECKPOINTED;
	return run((struct arguments){ .operation = OPERATION_ACTION,
				       .action = CUDA_RESTORE,
				       .device_map = { pairs, ARRAY_SIZE(pairs) } });
}

static void restore_passes_the_device_map(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = restore_with_map();

	assert_outcome(&outcome, 0, "", "");
	assert_string_equal(fake_libcuda.journal, "version;restore 7 11..ee 22..dd;");
}

static void the_device_map_survives_cuInit(void **state)
{
	struct outcome outcome;

	(void)state;
	fake_libcuda.asleep = true;

	outcome = restore_with_map();

	assert_outcome(&outcome, 0, "", "");
	assert_string_equal(fake_libcuda.journal,
			    "version;restore 7 11..ee 22..dd = 3;tid 7;init 0;"
			    "restore 7 11..ee 22..dd;");
}

static void a_device_map_needs_driver_r580(void **state)
{
	struct outcome outcome;

	(void)state;
	fake_libcuda.version = 12090;

	outcome = restore_with_map();

	assert_outcome(&outcome, -ENOSYS, "",
		       "cuda-checkpoint: this NVIDIA driver (CUDA 12.9) has no "
		       "--device-map: driver r580 (CUDA 13.0) or newer is needed\n");
	assert_string_equal(fake_libcuda.journal, "version;");
}

#define CASE(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(get_state_prints_the_drivers_word),
		CASE(get_state_does_not_guess),
		CASE(get_state_of_another_process_is_an_error),
		CASE(get_restore_tid_prints_it),
		CASE(get_restore_tid_of_another_process_is_an_error),
		CASE(the_whole_ladder_is_silent),
		CASE(a_refused_action_is_named_with_pid_and_reason),
		CASE(lock_passes_its_timeout),
		CASE(restore_initialises_cuda_when_the_driver_wants_it),
		CASE(restore_of_a_process_without_cuda_initialises_nothing),
		CASE(restore_reports_why_cuda_cannot_be_initialised),
		CASE(restore_tries_again_only_once),
		CASE(restore_passes_the_device_map),
		CASE(the_device_map_survives_cuInit),
		CASE(a_device_map_needs_driver_r580),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
