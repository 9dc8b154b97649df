/* SPDX-License-Identifier: GPL-2.0-only */
/* Which operation is possible when, and on whom. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static void memory_survives_round_trip(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);
	victim_do(&victim, ORDER_ADVANCE);

	suspend(victim.pid);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_CHECKPOINTED);
	resume(victim.pid);

	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_RUNNING);
	assert_int_equal(victim_do(&victim, ORDER_CHECK), 1);
	victim_do(&victim, ORDER_ADVANCE);
	assert_int_equal(victim_do(&victim, ORDER_CHECK), 2);
	victim_end(&victim);
}

/* Tries all four actions but @legal, and finds the state unchanged. */
static void refuses_all_but(pid_t pid, enum action legal)
{
	CUprocessState before = state_of(pid);

	for (enum action action = LOCK; action <= UNLOCK; action++) {
		if (action != legal)
			assert_int_equal(act(pid, action, 100), CUDA_ERROR_ILLEGAL_STATE);
	}
	assert_int_equal(state_of(pid), before);
}

/* From locked there are two ways on. */
static void refuses_illegal_transitions(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);

	refuses_all_but(victim.pid, LOCK);
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_ERROR_ILLEGAL_STATE);
	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_ERROR_ILLEGAL_STATE);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_LOCKED);
	assert_int_equal(act(victim.pid, CHECKPOINT, 0), CUDA_SUCCESS);
	refuses_all_but(victim.pid, RESTORE);

	victim_end(&victim);
}

static void failed_process_refuses_everything(void **state)
{
	struct victim victim, thief[15];

	(void)state;
	victim_start(&victim);
	suspend(victim.pid);
	for (int i = 0; i < 15; i++)
		victim_start(&thief[i]);

	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_ERROR_OUT_OF_MEMORY);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_FAILED);
	refuses_all_but(victim.pid, GET_STATE);

	for (int i = 0; i < 15; i++)
		victim_end(&thief[i]);
	victim_end(&victim);
	gpus_expect_used(0, 0);
}

static void restore_thread_is_found_and_stands_for_process(void **state)
{
	struct victim victim;
	int tid;

	(void)state;
	victim_start(&victim);

	assert_int_equal(cuCheckpointProcessGetRestoreThreadId(victim.pid, &tid),
			 CUDA_SUCCESS);
	assert_int_not_equal(tid, victim.pid);
	assert_int_equal(act(tid, LOCK, 0), CUDA_SUCCESS);
	assert_int_equal(state_of(tid), CU_PROCESS_STATE_LOCKED);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_LOCKED);

	victim_end(&victim);
}

static void process_without_cuda_is_not_initialized(void **state)
{
	int tid;

	(void)state;
	for (enum action action = GET_STATE; action <= UNLOCK; action++)
		assert_int_equal(act(getpid(), action, 0), CUDA_ERROR_NOT_INITIALIZED);
	assert_int_equal(cuCheckpointProcessGetRestoreThreadId(getpid(), &tid),
			 CUDA_ERROR_NOT_INITIALIZED);
}

static void absent_process_is_an_os_error(void **state)
{
	pid_t gone = fork();
	int tid;

	(void)state;
	if (gone == 0)
		_exit(0);
	waitpid(gone, NULL, 0);

	for (enum action action = GET_STATE; action <= UNLOCK; action++)
		assert_int_equal(act(gone, action, 0), CUDA_ERROR_OPERATING_SYSTEM);
	assert_int_equal(cuCheckpointProcessGetRestoreThreadId(gone, &tid),
			 CUDA_ERROR_OPERATING_SYSTEM);
}

static void reserved_arguments_must_be_zero(void **state)
{
	CUcheckpointLockArgs lock = { .reserved1 = { 0, 1 } };
	CUcheckpointCheckpointArgs checkpoint = { .reserved = { 1 } };
	CUcheckpointRestoreArgs restore = { .reserved1 = 1 };
	struct victim victim;

	(void)state;
	victim_start(&victim);

	assert_int_equal(cuCheckpointProcessLock(victim.pid, &lock),
			 CUDA_ERROR_INVALID_VALUE);
	assert_int_equal(cuCheckpointProcessCheckpoint(victim.pid, &checkpoint),
			 CUDA_ERROR_INVALID_VALUE);
	assert_int_equal(cuCheckpointProcessRestore(victim.pid, &restore),
			 CUDA_ERROR_INVALID_VALUE);

	victim_end(&victim);
}

static void forked_child_has_no_cuda(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);

	assert_int_equal(victim_do(&victim, ORDER_FORK),
			 CUDA_ERROR_NOT_INITIALIZED * 16 + CUDA_ERROR_NOT_INITIALIZED);
	assert_int_equal(victim_do(&victim, ORDER_CHECK), 0);

	victim_end(&victim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_survives_round_trip),
		cmocka_unit_test(refuses_illegal_transitions),
		cmocka_unit_test(failed_process_refuses_everything),
		cmocka_unit_test(restore_thread_is_found_and_stands_for_process),
		cmocka_unit_test(process_without_cuda_is_not_initialized),
		cmocka_unit_test(absent_process_is_an_os_error),
		cmocka_unit_test(reserved_arguments_must_be_zero),
		cmocka_unit_test(forked_child_has_no_cuda),
	};

	return cmocka_run_group_tests(tests, one_gpu, no_gpus);
}
