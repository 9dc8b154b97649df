/* SPDX-License-Identifier: GPL-2.0-only */
/* cuSimCollective itself, in a process that is all the ranks there are. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app_memory.h"
#include "cuda_sim.h"
#include "fixture.h"

enum {
	STEP_MS = 200
};

/* In a process that has CUDA. Return: the number of the first claim that does not hold.
 */
static int try_the_call(void)
{
	static const char long_name[] = "of one character more than fits.";
	const CUresult bad = CUDA_ERROR_INVALID_VALUE;
	char name[8];

	app_cuda_start(0);
	if (cuSimCollective(NULL, NULL, 0, 1, 0) != bad)
		return 1;
	if (cuSimCollective(NULL, long_name, 0, 1, 0) != bad ||
	    cuSimCollective(NULL, long_name + 1, 0, 1, 0) != CUDA_SUCCESS)
		return 2;
	if (cuSimCollective(NULL, "rank", 2, 2, 0) != bad ||
	    cuSimCollective(NULL, "none", 0, 0, 0) != bad ||
	    cuSimCollective(NULL, "many", 0, GPU_RANKS_MAX + 1, 0) != bad)
		return 3;
	if (cuSimCollective(NULL, "one", 0, 1, 0) != CUDA_SUCCESS ||
	    cuSimCollective(NULL, "one", 0, 2, 0) != bad)
		return 4;
	for (int i = 2; i < GPU_COLLECTIVES_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		if (cuSimCollective(NULL, name, 0, 1, 0) != CUDA_SUCCESS)
			return 5;
	}
	if (cuSimCollective(NULL, "ninth", 0, 1, 0) != CUDA_ERROR_OUT_OF_MEMORY)
		return 6;
	return cuCtxSynchronize() == CUDA_SUCCESS ? 0 : 7;
}

/* Of two steps, while another stream has one that never begins. Return: the same. */
static int wait_for_two_steps(void)
{
	uint64_t begin = now_ms();
	CUstream stream;

	app_cuda_start(0);
	if (cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING) ||
	    cuSimCollective(stream, "without the other", 0, 2, 0))
		return 1;
	for (int i = 0; i < 2; i++)
		if (cuSimCollective(NULL, "alone", 0, 1, STEP_MS * 1000))
			return 2;
	if (cuStreamSynchronize(NULL))
		return 3;
	return now_ms() - begin >= 2ULL * STEP_MS ? 0 : 4;
}

static int exit_status_of(int (*run)(void))
{
	int status;
	pid_t pid = fork_with_us();

	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_int_equal(exit_status_of(try_the_call), 0);
}

static void a_stream_waits_for_its_own_steps(void **state)
{
	(void)state;
	assert_int_equal(exit_status_of(wait_for_two_steps), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_stream_waits_for_its_own_steps),
	};

	return cmocka_run_group_tests(tests, one_gpu, no_gpus);
}
