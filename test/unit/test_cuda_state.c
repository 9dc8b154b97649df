/* SPDX-License-Identifier: GPL-2.0-only */
#include "cuda_state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define FIRST_STATE  CUDA_RUNNING
#define LAST_STATE   CUDA_RESTORING
#define FIRST_ACTION CUDA_LOCK
#define LAST_ACTION  CUDA_UNLOCK

/* No action has this value: it shows whether a result was written. */
#define UNTOUCHED ((enum cuda_action)77)

static const char *const rubbish[] = {
	"",	   " ",	      "runnin",	 "runningx",  "Running", " running", "running\n",
	"unknown", "locked ", "lock ed", "no action", "loc",	 "LOCK",     "toggle",
};

static void check_pair(enum cuda_state from, enum cuda_state goal)
{
	enum cuda_action action = UNTOUCHED;
	enum cuda_state at = from;
	int steps = 0;

	while (cuda_state_next(at, goal, &action) == 0 && action != CUDA_NO_ACTION) {
		enum cuda_state to = cuda_action_to(action);

		assert_in_range(action, FIRST_ACTION, LAST_ACTION);
		assert_int_equal(cuda_action_from(action), at);
		assert_true(cuda_state_is_rung(to));
		assert_int_equal(abs((int)to - (int)at), 1);
		assert_int_equal(abs((int)goal - (int)to), abs((int)goal - (int)at) - 1);
		at = to;
		steps++;
	}

	assert_int_equal(action, CUDA_NO_ACTION);
	assert_int_equal(at, goal);
	assert_int_equal(steps, abs((int)goal - (int)from));
}

static void check_impossible_pair(enum cuda_state from, enum cuda_state goal)
{
	enum cuda_action action = UNTOUCHED;

	assert_int_equal(cuda_state_next(from, goal, &action), -EINVAL);
	assert_int_equal(action, UNTOUCHED);
}

static void every_pair_of_states_climbs_or_is_refused(void **state)
{
	(void)state;

	for (int from = FIRST_STATE; from <= LAST_STATE; from++) {
		for (int goal = FIRST_STATE; goal <= LAST_STATE; goal++) {
			if (from <= CUDA_CHECKPOINTED && goal <= CUDA_CHECKPOINTED)
				check_pair((enum cuda_state)from, (enum cuda_state)goal);
			else
				check_impossible_pair((enum cuda_state)from,
						      (enum cuda_state)goal);
		}
	}
}

static void states_out_of_range_are_no_rungs(void **state)
{
	(void)state;

	for (int rung = CUDA_RUNNING; rung <= CUDA_CHECKPOINTED; rung++) {
		check_impossible_pair((enum cuda_state)rung, (enum cuda_state)6);
		check_impossible_pair((enum cuda_state) - 1, (enum cuda_state)rung);
	}
}

static void only_the_first_three_states_are_rungs(void **state)
{
	(void)state;

	for (int i = FIRST_STATE; i <= LAST_STATE; i++)
		assert_int_equal(cuda_state_is_rung((enum cuda_state)i),
				 i <= CUDA_CHECKPOINTED);
}

static void state_names_come_back(void **state)
{
	enum cuda_state parsed;

	(void)state;

	for (int i = FIRST_STATE; i <= LAST_STATE; i++) {
		assert_int_equal(
			cuda_state_parse(cuda_state_name((enum cuda_state)i), &parsed),
			0);
		assert_int_equal(parsed, i);
	}
}

static void action_names_come_back(void **state)
{
	enum cuda_action parsed;

	(void)state;

	for (int i = FIRST_ACTION; i <= LAST_ACTION; i++) {
		assert_int_equal(
			cuda_action_parse(cuda_action_name((enum cuda_action)i), &parsed),
			0);
		assert_int_equal(parsed, i);
	}
}

static void names_are_the_drivers(void **state)
{
	(void)state;

	assert_string_equal(cuda_state_name(CUDA_RUNNING), "running");
	assert_string_equal(cuda_state_name(CUDA_LOCKED), "locked");
	assert_string_equal(cuda_state_name(CUDA_CHECKPOINTED), "checkpointed");
	assert_string_equal(cuda_state_name(CUDA_FAILED), "failed");
	assert_string_equal(cuda_action_name(CUDA_LOCK), "lock");
	assert_string_equal(cuda_action_name(CUDA_CHECKPOINT), "checkpoint");
	assert_string_equal(cuda_action_name(CUDA_RESTORE), "restore");
	assert_string_equal(cuda_action_name(CUDA_UNLOCK), "unlock");
}

static void a_value_without_a_name_has_a_text(void **state)
{
	(void)state;

	assert_string_equal(cuda_state_name((enum cuda_state)6), "unknown");
	assert_string_equal(cuda_state_name((enum cuda_state) - 1), "unknown");
	assert_string_equal(cuda_action_name(CUDA_NO_ACTION), "no action");
	assert_string_equal(cuda_action_name((enum cuda_action)5), "no action");
	assert_string_equal(cuda_action_name((enum cuda_action) - 1), "no action");
}

static void rubbish_is_no_name(void **state)
{
	enum cuda_state parsed_state = CUDA_FAILED;
	enum cuda_action parsed_action = UNTOUCHED;

	(void)state;

	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		assert_int_equal(cuda_state_parse(rubbish[i], &parsed_state), -EINVAL);
		assert_int_equal(cuda_action_parse(rubbish[i], &parsed_action), -EINVAL);
	}

	assert_int_equal(parsed_state, CUDA_FAILED);
	assert_int_equal(parsed_action, UNTOUCHED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_of_states_climbs_or_is_refused),
		cmocka_unit_test(states_out_of_range_are_no_rungs),
		cmocka_unit_test(only_the_first_three_states_are_rungs),
		cmocka_unit_test(state_names_come_back),
		cmocka_unit_test(action_names_come_back),
		cmocka_unit_test(names_are_the_drivers),
		cmocka_unit_test(a_value_without_a_name_has_a_text),
		cmocka_unit_test(rubbish_is_no_name),
	};

	return cmocka_run_group_tests_name("cuda_state", tests, NULL, NULL);
}
