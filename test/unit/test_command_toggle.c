/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A toggle goes all the way or is undone.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command_outcome.h"
#include "fake_libcuda.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void toggle_goes_to_the_other_end_of_the_ladder(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = run(
		(struct arguments){ .operation = OPERATION_TOGGLE, .timeout_ms = 50 });
	assert_outcome(&outcome, 0, "", "");
	assert_int_equal(fake_libcuda.state, CUDA_CHECKPOINTED);

	outcome = toggle();
	assert_outcome(&outcome, 0, "", "");
	assert_int_equal(fake_libcuda.state, CUDA_RUNNING);

	assert_string_equal(fake_libcuda.journal,
			    "state 7;lock 7 timeout 50;checkpoint 7;"
			    "state 7;restore 7;unlock 7;");
}

static void toggle_leaves_any_other_state_alone(void **state)
{
	static const int states[] = { CUDA_LOCKED, CUDA_FAILED, CUDA_CHECKPOINTING,
				      CUDA_RESTORING, 6 };
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		fake_libcuda_reset();
		fake_libcuda.state = states[i];

		outcome = toggle();

		assert_outcome(&outcome, -EIO, "",
			       "Error toggling CUDA in process ID 7: \"error 401\"\n");
		assert_string_equal(fake_libcuda.journal, "state 7;");
	}
}

static void toggle_of_another_process_is_an_error(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = run((struct arguments){ .operation = OPERATION_TOGGLE, .pid = 9 });

	assert_outcome(&outcome, -EIO, "",
		       "Error toggling CUDA in process ID 9: \"error 3\"\n");
	assert_string_equal(fake_libcuda.journal, "state 9 = 3;");
}

/* Whichever call fails: what this toggle locked is not left locked. */
static const struct {
	int from;
	unsigned int fail_call;
	int to;
	const char *journal;
} failing_toggles[] = {
	{ CUDA_RUNNING, 1, CUDA_RUNNING, "state 7 = 999;" },
	{ CUDA_RUNNING, 2, CUDA_RUNNING, "state 7;lock 7 = 999;" },
	{ CUDA_RUNNING, 3, CUDA_RUNNING, "state 7;lock 7;checkpoint 7 = 999;unlock 7;" },
	{ CUDA_CHECKPOINTED, 1, CUDA_CHECKPOINTED, "state 7 = 999;" },
	{ CUDA_CHECKPOINTED, 2, CUDA_CHECKPOINTED, "state 7;restore 7 = 999;" },
	{ CUDA_CHECKPOINTED, 3, CUDA_LOCKED, "state 7;restore 7;unlock 7 = 999;" },
};

static void toggle_undoes_its_lock_when_a_call_fails(void **state)
{
	struct outcome outcome;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failing_toggles); i++) {
		fake_libcuda_reset();
		fake_libcuda.state = failing_toggles[i].from;
		fake_libcuda.fail_call = failing_toggles[i].fail_call;
		fake_libcuda.fail_result = CUDA_ERROR_UNKNOWN;

		outcome = toggle();

		assert_outcome(&outcome, -EIO, "",
			       "Error toggling CUDA in process ID 7: \"error 999\"\n");
		assert_string_equal(fake_libcuda.journal, failing_toggles[i].journal);
		assert_int_equal(fake_libcuda.state, failing_toggles[i].to);
	}
}

static void toggle_says_that_it_could_not_unlock(void **state)
{
	struct outcome outcome;

	(void)state;
	fake_libcuda.fail_from = 3;
	fake_libcuda.fail_result = CUDA_ERROR_OPERATING_SYSTEM;

	outcome = toggle();

	assert_outcome(&outcome, -EIO, "",
		       "Error toggling CUDA in process ID 7: \"error 304\"\n"
		       "Could not unlock on process ID 7: \"error 304\"\n");
}

#define CASE(test) cmocka_unit_test_setup(test, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(toggle_goes_to_the_other_end_of_the_ladder),
		CASE(toggle_leaves_any_other_state_alone),
		CASE(toggle_of_another_process_is_an_error),
		CASE(toggle_undoes_its_lock_when_a_call_fails),
		CASE(toggle_says_that_it_could_not_unlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
