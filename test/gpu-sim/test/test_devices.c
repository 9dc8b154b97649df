/* SPDX-License-Identifier: GPL-2.0-only */
/* Two GPUs, what a driver of another version says, and the other calls. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"

static CUcheckpointGpuPair pair(const struct gpu_answer *list, int old, int new)
{
	CUcheckpointGpuPair made;

	memcpy(&made.oldUuid, list->gpus[old].uuid, sizeof(made.oldUuid));
	memcpy(&made.newUuid, list->gpus[new].uuid, sizeof(made.newUuid));
	return made;
}

static CUresult restore_with(pid_t pid, CUcheckpointGpuPair *pairs, unsigned int count)
{
	CUcheckpointRestoreArgs args = { .gpuPairs = pairs, .gpuPairsCount = count };

	return cuCheckpointProcessRestore(pid, &args);
}

static void process_moves_to_the_other_gpu(void **state)
{
	CUcheckpointGpuPair swap[2];
	struct gpu_answer list;
	struct victim victim;
	uint32_t uuid;

	(void)state;
	gpus_list(&list);
	swap[0] = pair(&list, 1, 0);
	swap[1] = pair(&list, 0, 1);
	victim_start(&victim);
	gpus_expect_used(0, VICTIM_MIB);
	uuid = victim_do(&victim, ORDER_UUID);
	assert_memory_equal(&uuid, list.gpus[0].uuid, sizeof(uuid));

	suspend(victim.pid);
	assert_int_equal(restore_with(victim.pid, swap, 2), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, UNLOCK, 0), CUDA_SUCCESS);

	gpus_expect_used(0, 0);
	gpus_expect_used(1, VICTIM_MIB);
	assert_int_equal(victim_do(&victim, ORDER_CHECK), 0);
	uuid = victim_do(&victim, ORDER_UUID);
	assert_memory_equal(&uuid, list.gpus[1].uuid, sizeof(uuid));
	suspend(victim.pid);
	resume(victim.pid);
	gpus_expect_used(1, VICTIM_MIB);
	victim_end(&victim);
}

static void map_must_name_every_gpu_once(void **state)
{
	CUcheckpointGpuPair pairs[2], same[2];
	struct gpu_answer list;
	struct victim victim;

	(void)state;
	gpus_list(&list);
	pairs[0] = pair(&list, 0, 1);
	pairs[1] = pair(&list, 1, 1);
	same[0] = pair(&list, 0, 1);
	same[1] = pair(&list, 0, 0);
	victim_start(&victim);
	suspend(victim.pid);

	assert_int_equal(restore_with(victim.pid, pairs, 1), CUDA_ERROR_INVALID_VALUE);
	assert_int_equal(restore_with(victim.pid, pairs, 2), CUDA_ERROR_INVALID_VALUE);
	assert_int_equal(restore_with(victim.pid, same, 2), CUDA_ERROR_INVALID_VALUE);
	assert_int_equal(restore_with(victim.pid, NULL, 2), CUDA_ERROR_INVALID_VALUE);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_CHECKPOINTED);
	pairs[0] = pair(&list, 0, 0);
	assert_int_equal(restore_with(victim.pid, pairs, 2), CUDA_SUCCESS);

	victim_end(&victim);
}

static void older_driver_knows_no_map(void **state)
{
	CUcheckpointGpuPair pairs[2];
	struct gpu_answer list;
	struct victim victim;
	int version;

	(void)state;
	gpus_list(&list);
	pairs[0] = pair(&list, 0, 1);
	pairs[1] = pair(&list, 1, 0);
	victim_start(&victim);
	suspend(victim.pid);

	setenv("CUDA_SIM_DRIVER_VERSION", "12080", 1);
	assert_int_equal(cuDriverGetVersion(&version), CUDA_SUCCESS);
	assert_int_equal(version, 12080);
	assert_int_equal(restore_with(victim.pid, pairs, 2), CUDA_ERROR_INVALID_VALUE);
	assert_int_equal(restore_with(victim.pid, NULL, 0), CUDA_SUCCESS);
	unsetenv("CUDA_SIM_DRIVER_VERSION");
	assert_int_equal(cuDriverGetVersion(&version), CUDA_SUCCESS);
	assert_int_equal(version, 13000);

	victim_end(&victim);
}

static void other_gpus_need_a_map(void **state)
{
	CUcheckpointGpuPair pairs[2];
	struct gpu_answer before, after;
	struct victim victim;

	(void)state;
	victim_start(&victim);
	suspend(victim.pid);
	gpus_list(&before);
	gpus_stop();
	setenv("CUDA_SIM_SEED", "5", 1);
	gpus_start(2, 64);
	gpus_list(&after);

	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_ERROR_INVALID_VALUE);
	for (int i = 0; i < 2; i++) {
		pairs[i] = pair(&before, i, 0);
		memcpy(&pairs[i].newUuid, after.gpus[1 - i].uuid, 16);
	}
	assert_int_equal(restore_with(victim.pid, pairs, 2), CUDA_SUCCESS);
	assert_int_equal(act(victim.pid, UNLOCK, 0), CUDA_SUCCESS);

	gpus_expect_used(1, VICTIM_MIB);
	assert_int_equal(victim_do(&victim, ORDER_CHECK), 0);
	victim_end(&victim);
	unsetenv("CUDA_SIM_SEED");
}

static void sleeping_gpu_needs_init_in_the_caller(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);
	suspend(victim.pid);

	setenv("CUDA_SIM_PERSISTENCE", "off", 1);
	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_ERROR_NOT_INITIALIZED);
	unsetenv("CUDA_SIM_PERSISTENCE");
	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_SUCCESS);

	victim_end(&victim);
}

static void init_takes_its_time(void **state)
{
	uint64_t begin = now_ms();

	(void)state;
	setenv("CUDA_SIM_INIT_MS", "150", 1);
	assert_int_equal(init_in_child(), CUDA_SUCCESS);
	assert_true(now_ms() - begin >= 150);
	unsetenv("CUDA_SIM_INIT_MS");
}

static void functions_are_found_by_version(void **state)
{
	CUdriverProcAddressQueryResult status;
	void *function;

	(void)state;
	assert_int_equal(cuGetProcAddress("cuMemAlloc", &function, 13000, 0, &status), 0);
	assert_ptr_equal(function, (void *)(uintptr_t)cuMemAlloc);
	assert_int_equal(
		cuGetProcAddress("cuCheckpointProcessLock", &function, 12040, 0, &status),
		0);
	assert_null(function);
	assert_int_equal(status, CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
	assert_int_equal(cuGetProcAddress("cuNothing", &function, 12040, 0, &status), 0);
	assert_int_equal(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
	assert_int_equal(cuGetProcAddress("cuInit", &function, 13010, 0, &status),
			 CUDA_ERROR_INVALID_VALUE);
}

static void errors_have_the_drivers_words(void **state)
{
	const char *text;

	(void)state;
	assert_int_equal(cuGetErrorString(CUDA_ERROR_NOT_READY, &text), CUDA_SUCCESS);
	assert_string_equal(text, "device not ready");
	assert_int_equal(cuGetErrorName(CUDA_ERROR_NOT_READY, &text), CUDA_SUCCESS);
	assert_string_equal(text, "CUDA_ERROR_NOT_READY");
	assert_int_equal(cuGetErrorString((CUresult)12345, &text),
			 CUDA_ERROR_INVALID_VALUE);
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_moves_to_the_other_gpu),
		cmocka_unit_test(map_must_name_every_gpu_once),
		cmocka_unit_test(older_driver_knows_no_map),
		cmocka_unit_test(other_gpus_need_a_map),
		cmocka_unit_test(sleeping_gpu_needs_init_in_the_caller),
		cmocka_unit_test(init_takes_its_time),
		cmocka_unit_test(functions_are_found_by_version),
		cmocka_unit_test(errors_have_the_drivers_words),
	};

	return cmocka_run_group_tests(tests, two_gpus, no_gpus);
}
