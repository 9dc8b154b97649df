/* SPDX-License-Identifier: GPL-2.0-only */
/* What a lock waits for, what it holds up, and which threads it needs. */
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static void stop_thread(pid_t tid)
{
	int status;

	assert_int_equal(ptrace(PTRACE_SEIZE, tid, NULL, NULL), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
	assert_int_equal(waitpid(tid, &status, __WALL), tid);
	assert_true(WIFSTOPPED(status));
}

static void let_run(pid_t tid)
{
	assert_int_equal(ptrace(PTRACE_DETACH, tid, NULL, NULL), 0);
}

static void start_victim_with_slow_gpu(struct victim *victim)
{
	setenv("CUDA_SIM_COPY_MBPS", VICTIM_MBPS, 1);
	victim_start(victim);
	unsetenv("CUDA_SIM_COPY_MBPS");
}

static void calls_block_from_lock_to_unlock(void **state)
{
	struct victim victim;
	uint32_t count;

	(void)state;
	victim_start(&victim);

	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);
	victim_order(&victim, ORDER_CHECK);
	assert_false(victim_answers(&victim, 100, &count));
	assert_int_equal(act(victim.pid, CHECKPOINT, 0), CUDA_SUCCESS);
	assert_false(victim_answers(&victim, 100, &count));
	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_SUCCESS);
	assert_false(victim_answers(&victim, 100, &count));
	assert_int_equal(act(victim.pid, UNLOCK, 0), CUDA_SUCCESS);
	assert_true(victim_answers(&victim, 10000, &count));

	victim_end(&victim);
}

static void lock_times_out_while_work_is_in_flight(void **state)
{
	struct victim victim;

	(void)state;
	start_victim_with_slow_gpu(&victim);
	victim_do(&victim, ORDER_QUEUE);

	assert_int_equal(act(victim.pid, LOCK, 50), CUDA_ERROR_NOT_READY);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_RUNNING);
	victim_do(&victim, ORDER_SYNCHRONIZE);
	assert_int_equal(act(victim.pid, LOCK, 50), CUDA_SUCCESS);

	victim_end(&victim);
}

static void lock_times_out_while_a_call_is_under_way(void **state)
{
	struct victim victim;
	uint32_t answer;

	(void)state;
	start_victim_with_slow_gpu(&victim);
	victim_do(&victim, ORDER_QUEUE);
	victim_order(&victim, ORDER_SYNCHRONIZE);
	sleep_ms(20);

	assert_int_equal(act(victim.pid, LOCK, 50), CUDA_ERROR_NOT_READY);
	assert_true(victim_answers(&victim, 10000, &answer));

	victim_end(&victim);
}

static void lock_without_timeout_waits_for_work(void **state)
{
	struct victim victim;
	uint64_t begin;

	(void)state;
	start_victim_with_slow_gpu(&victim);
	begin = now_ms();
	victim_do(&victim, ORDER_QUEUE);

	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);
	assert_true(now_ms() - begin >= VICTIM_WORK_MS);

	victim_end(&victim);
}

static void lock_hangs_while_another_thread_is_stopped(void **state)
{
	struct victim victim;
	struct caller caller, second;
	CUresult result;

	(void)state;
	victim_start(&victim);
	stop_thread(victim.pid);

	caller_start(&caller, victim.pid, LOCK, 20);
	wait_until_busy(victim.pid);
	assert_false(caller_done(&caller, 200, &result));
	caller_start(&second, victim.pid, GET_STATE, 0);
	assert_false(caller_done(&second, 100, &result));
	let_run(victim.pid);
	assert_true(caller_done(&caller, 5000, &result));
	assert_int_equal(result, CUDA_SUCCESS);
	assert_true(caller_done(&second, 5000, &result));
	assert_int_equal(result, CUDA_SUCCESS);

	victim_end(&victim);
}

static void the_rest_needs_only_the_restore_thread(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);
	victim_do(&victim, ORDER_ADVANCE);
	assert_int_equal(act(victim.pid, LOCK, 0), CUDA_SUCCESS);

	stop_thread(victim.pid);
	assert_int_equal(act(victim.pid, CHECKPOINT, 0), CUDA_SUCCESS);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_CHECKPOINTED);
	resume(victim.pid);
	let_run(victim.pid);

	assert_int_equal(victim_do(&victim, ORDER_CHECK), 1);
	victim_end(&victim);
}

static void thread_id_is_found_while_all_is_stopped(void **state)
{
	struct victim victim;
	int tid, again;

	(void)state;
	victim_start(&victim);
	assert_int_equal(cuCheckpointProcessGetRestoreThreadId(victim.pid, &tid), 0);

	stop_thread(victim.pid);
	stop_thread(tid);
	assert_int_equal(cuCheckpointProcessGetRestoreThreadId(victim.pid, &again), 0);

	assert_int_equal(again, tid);
	let_run(tid);
	let_run(victim.pid);
	victim_end(&victim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_block_from_lock_to_unlock),
		cmocka_unit_test(lock_times_out_while_work_is_in_flight),
		cmocka_unit_test(lock_times_out_while_a_call_is_under_way),
		cmocka_unit_test(lock_without_timeout_waits_for_work),
		cmocka_unit_test(lock_hangs_while_another_thread_is_stopped),
		cmocka_unit_test(the_rest_needs_only_the_restore_thread),
		cmocka_unit_test(thread_id_is_found_while_all_is_stopped),
	};

	return cmocka_run_group_tests(tests, one_gpu, no_gpus);
}
