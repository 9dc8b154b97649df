/* SPDX-License-Identifier: GPL-2.0-only */
/* Managed memory: one address for all, and no checkpoint. */
#include "fixture.h"

static void managed_memory_refuses_a_checkpoint_and_nothing_else(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);
	victim_do(&victim, ORDER_ADVANCE);
	victim_do(&victim, ORDER_MANAGE);

	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, CHECKPOINT, 0), CUDA_ERROR_NOT_SUPPORTED);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_LOCKED);
	assert_int_equal(act(victim.pid, UNLOCK, 0), CUDA_SUCCESS);

	assert_int_equal(victim_do(&victim, ORDER_CHECK), 1);
	victim_end(&victim);
}

static void without_it_the_process_can_be_checkpointed_again(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);
	victim_do(&victim, ORDER_MANAGE);
	victim_do(&victim, ORDER_UNMANAGE);
	victim_do(&victim, ORDER_ADVANCE);

	suspend(victim.pid);
	gpus_expect_used(0, 0);
	resume(victim.pid);

	assert_int_equal(victim_do(&victim, ORDER_CHECK), 1);
	victim_end(&victim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(managed_memory_refuses_a_checkpoint_and_nothing_else),
		cmocka_unit_test(without_it_the_process_can_be_checkpointed_again),
	};

	return cmocka_run_group_tests(tests, one_gpu, no_gpus);
}
