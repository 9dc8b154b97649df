/* SPDX-License-Identifier: GPL-2.0-only */
/* Several callers, killed callers, dying processes; and faults on demand. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static void start_victim_with(struct victim *victim, const char *variable,
			      const char *fault)
{
	setenv(variable, fault, 1);
	victim_start(victim);
	unsetenv(variable);
}

static void killed_caller_leaves_nothing_behind(void **state)
{
	struct victim victim;
	struct caller caller;
	CUprocessState now;

	(void)state;
	start_victim_with(&victim, "CUDA_SIM_CHECKPOINT", "delay=200");
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);

	caller_start(&caller, victim.pid, CHECKPOINT, 0);
	wait_until_busy(victim.pid);
	caller_kill(&caller);

	assert_int_equal(cuCheckpointProcessGetState(victim.pid, &now), CUDA_SUCCESS);
	assert_int_equal(now, CU_PROCESS_STATE_CHECKPOINTED);
	resume(victim.pid);
	assert_int_equal(victim_do(&victim, ORDER_CHECK), 0);
	victim_end(&victim);
}

/* Half of them are killed; each of the others gets an answer that is its own. */
static void many_callers_get_their_own_answers(void **state)
{
	struct victim victim;
	struct caller callers[24];
	CUresult result;

	(void)state;
	start_victim_with(&victim, "CUDA_SIM_GET_STATE", "delay=5");

	for (int i = 0; i < 24; i++)
		caller_start(&callers[i], victim.pid, i % 3 ? GET_STATE : UNLOCK, 0);
	for (int i = 0; i < 24; i += 2)
		caller_kill(&callers[i]);
	for (int i = 1; i < 24; i += 2) {
		assert_true(caller_done(&callers[i], 5000, &result));
		assert_int_equal(result, i % 3 ? CUDA_SUCCESS : CUDA_ERROR_ILLEGAL_STATE);
	}

	victim_end(&victim);
}

static void death_ends_the_wait_of_all_callers(void **state)
{
	struct victim victim;
	struct caller first, second;
	CUresult result;

	(void)state;
	start_victim_with(&victim, "CUDA_SIM_LOCK", "hang");
	caller_start(&first, victim.pid, LOCK, 10);
	wait_until_busy(victim.pid);
	caller_start(&second, victim.pid, GET_STATE, 0);
	assert_false(caller_done(&first, 100, &result));
	assert_false(caller_done(&second, 10, &result));

	kill(victim.pid, SIGKILL);

	assert_true(caller_done(&first, 2000, &result));
	assert_int_equal(result, CUDA_ERROR_OPERATING_SYSTEM);
	assert_true(caller_done(&second, 2000, &result));
	assert_int_equal(result, CUDA_ERROR_OPERATING_SYSTEM);
	victim_end(&victim);
}

static void process_dies_when_told_to(void **state)
{
	struct victim victim;

	(void)state;
	start_victim_with(&victim, "CUDA_SIM_CHECKPOINT", "die");
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);

	assert_int_equal(act(victim.pid, CHECKPOINT, 0), CUDA_ERROR_OPERATING_SYSTEM);

	victim_end(&victim);
	gpus_expect_used(0, 0);
}

static void fails_at_the_call_that_was_named(void **state)
{
	struct victim victim;

	(void)state;
	start_victim_with(&victim, "CUDA_SIM_LOCK", "fail=801@2,fail=999@3");

	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, UNLOCK, 0), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_ERROR_NOT_SUPPORTED);
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_ERROR_UNKNOWN);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_RUNNING);
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);

	victim_end(&victim);
}

static void failed_operations_change_nothing(void **state)
{
	struct victim victim;

	(void)state;
	setenv("CUDA_SIM_CHECKPOINT", "fail=801@1", 1);
	setenv("CUDA_SIM_RESTORE", "fail=801@1", 1);
	start_victim_with(&victim, "CUDA_SIM_UNLOCK", "delay=100@1,fail=800@1");
	unsetenv("CUDA_SIM_CHECKPOINT");
	unsetenv("CUDA_SIM_RESTORE");

	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, CHECKPOINT, 0), CUDA_ERROR_NOT_SUPPORTED);
	assert_int_equal(act(victim.pid, CHECKPOINT, 0), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_ERROR_NOT_SUPPORTED);
	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, UNLOCK, 0), CUDA_ERROR_NOT_PERMITTED);
	assert_int_equal(act(victim.pid, UNLOCK, 0), CUDA_SUCCESS);

	assert_int_equal(victim_do(&victim, ORDER_CHECK), 0);
	victim_end(&victim);
}

static void misspelt_fault_fails_init(void **state)
{
	static const char *const wrong[] = {
		"fial=1", "fail", "fail=",  "fail=x", "fail=0", "delay",    "hang=1",
		"die@0",  "die@", "hang@x", ",",      "hang,",	"hang@1@2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		setenv("CUDA_SIM_GET_STATE", wrong[i], 1);
		assert_int_equal(init_in_child(), CUDA_ERROR_INVALID_VALUE);
	}
	unsetenv("CUDA_SIM_GET_STATE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_caller_leaves_nothing_behind),
		cmocka_unit_test(many_callers_get_their_own_answers),
		cmocka_unit_test(death_ends_the_wait_of_all_callers),
		cmocka_unit_test(process_dies_when_told_to),
		cmocka_unit_test(fails_at_the_call_that_was_named),
		cmocka_unit_test(failed_operations_change_nothing),
		cmocka_unit_test(misspelt_fault_fails_init),
	};

	return cmocka_run_group_tests(tests, one_gpu, no_gpus);
}
