/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranks that need each other: what locks them, and what does not. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

enum {
	RANKS_MAX = 8,
	SLOT_MS = 50,
	PAUSE_MAX_MS = 30,
	LONG_MS = 200,
	LOCK_ALL_MS = 10000,
	NOTICED_MS = 10000,
};

/* The program "collective" and its ranks. */
static struct job {
	pid_t pid;
	pid_t ranks[RANKS_MAX];
	unsigned int count;
	char dir[32];
} job;

/* --- the job --- */

/* The file of rank @i, where it counts. */
static FILE *open_rank(unsigned int i)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/rank-%u", job.dir, i);
	return fopen(path, "r");
}

/* How far rank @i is; fails if it has not counted 1, 2, 3 and so on. */
static unsigned int count_of(unsigned int i)
{
	FILE *file = open_rank(i);
	unsigned int last = 0;
	char line[64];

	while (file && fgets(line, sizeof(line), file) && strchr(line, '\n')) {
		char expected[64];

		snprintf(expected, sizeof(expected), "count %u\n", ++last);
		assert_string_equal(line, expected);
	}
	if (file)
		fclose(file);
	return last;
}

static void wait_for_count(unsigned int i, unsigned int count)
{
	uint64_t until = now_ms() + NOTICED_MS;

	while (count_of(i) < count && now_ms() < until)
		sleep_ms(1);
	assert_true(count_of(i) >= count);
}

/* Some steps more from each rank than it has done when this is called. */
static void expect_to_go_on(void)
{
	unsigned int before[RANKS_MAX] = { 0 };

	for (unsigned int i = 0; i < job.count; i++)
		before[i] = count_of(i);
	for (unsigned int i = 0; i < job.count; i++)
		wait_for_count(i, before[i] + 3);
}

static void become_job(const char *ranks, const char *sync)
{
	char path[4096];

	beside_test("../../apps/collective", path, sizeof(path));
	if (!freopen("/dev/null", "w", stdout))
		_exit(126);
	execl(path, "collective", "--dir", job.dir, "--ranks", ranks, "--sync", sync,
	      NULL);
	_exit(127);
}

/* They are in the order in which they were started. */
static void find_ranks(void)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", job.pid, job.pid);
	file = fopen(path, "r");
	assert_non_null(file);
	for (unsigned int i = 0; i < job.count; i++)
		assert_int_equal(fscanf(file, "%d", &job.ranks[i]), 1);
	fclose(file);
}

static void start_job(unsigned int ranks, const char *sync)
{
	char number[16];

	job.count = ranks;
	snprintf(job.dir, sizeof(job.dir), "/tmp/test-collective.XXXXXX");
	assert_non_null(mkdtemp(job.dir));
	snprintf(number, sizeof(number), "%u", ranks);
	job.pid = fork_with_us();
	if (job.pid == 0)
		become_job(number, sync);
	for (unsigned int i = 0; i < ranks; i++)
		wait_for_count(i, 1);
	find_ranks();
}

/* It ends well only if no rank has found anything wrong. */
static void end_job(void)
{
	int status;

	assert_int_equal(kill(job.pid, SIGTERM), 0);
	assert_int_equal(waitpid(job.pid, &status, 0), job.pid);
	job.pid = 0;
	assert_int_equal(status, 0);
}

/* teardown: whatever a test that failed has left */
static int clear_job(void **state)
{
	(void)state;
	if (job.pid > 0) {
		kill(-job.pid, SIGKILL);
		kill(job.pid, SIGKILL);
		waitpid(job.pid, NULL, 0);
		job.pid = 0;
	}
	for (unsigned int i = 0; i < job.count; i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/rank-%u", job.dir, i);
		unlink(path);
	}
	return rmdir(job.dir);
}

/* --- on all ranks at once --- */

static void act_on_all(enum action action, unsigned int timeout_ms, CUresult *ret_results)
{
	struct caller callers[RANKS_MAX];

	for (unsigned int i = 0; i < job.count; i++)
		caller_start(&callers[i], job.ranks[i], action, timeout_ms);
	for (unsigned int i = 0; i < job.count; i++)
		assert_true(caller_done(&callers[i], NOTICED_MS, &ret_results[i]));
}

static void do_to_all(enum action action)
{
	CUresult results[RANKS_MAX];

	act_on_all(action, 0, results);
	for (unsigned int i = 0; i < job.count; i++)
		assert_int_equal(results[i], CUDA_SUCCESS);
}

/* One try: lock all, or none. */
static bool lock_in_slot(void)
{
	CUresult results[RANKS_MAX];
	unsigned int locked = 0;

	act_on_all(LOCK, SLOT_MS, results);
	for (unsigned int i = 0; i < job.count; i++)
		locked += results[i] == CUDA_SUCCESS;
	if (locked == job.count)
		return true;
	for (unsigned int i = 0; i < job.count; i++) {
		if (results[i] == CUDA_SUCCESS)
			assert_int_equal(act(job.ranks[i], UNLOCK, 0), CUDA_SUCCESS);
		else
			assert_int_equal(results[i], CUDA_ERROR_NOT_READY);
	}
	return false;
}

static void lock_all(void)
{
	uint64_t begin = now_ms();
	unsigned int tries = 0;

	do {
		assert_true(now_ms() - begin < LOCK_ALL_MS);
		sleep_ms((unsigned int)rand() % (PAUSE_MAX_MS + 1));
		tries++;
	} while (!lock_in_slot());
	print_message("%u ranks locked in %u ms, tries: %u\n", job.count,
		      (unsigned int)(now_ms() - begin), tries);
}

/* --- tests --- */

static void a_rank_waits_for_the_others(void **state)
{
	unsigned int count;

	(void)state;
	start_job(2, "1");

	assert_int_equal(kill(job.ranks[0], SIGSTOP), 0);
	sleep_ms(LONG_MS);
	count = count_of(1);
	sleep_ms(LONG_MS);
	assert_int_equal(count_of(1), count);
	assert_int_equal(kill(job.ranks[0], SIGCONT), 0);
	expect_to_go_on();

	end_job();
}

/* The pause is for the second rank to launch what the first one does not any more. */
static void locks_one_after_the_other_fail(const char *sync)
{
	start_job(2, sync);

	assert_int_equal(act(job.ranks[0], LOCK, 10 * LONG_MS), CUDA_SUCCESS);
	sleep_ms(LONG_MS);
	assert_int_equal(act(job.ranks[1], LOCK, LONG_MS), CUDA_ERROR_NOT_READY);
	assert_int_equal(state_of(job.ranks[1]), CU_PROCESS_STATE_RUNNING);
	assert_int_equal(act(job.ranks[0], UNLOCK, 0), CUDA_SUCCESS);
	expect_to_go_on();

	end_job();
}

static void locks_one_after_the_other_fail_in_a_tight_loop(void **state)
{
	(void)state;
	locks_one_after_the_other_fail("0");
}

static void locks_one_after_the_other_fail_in_training(void **state)
{
	(void)state;
	locks_one_after_the_other_fail("1");
}

static void all_are_locked_in_short_slots(unsigned int ranks, const char *sync)
{
	start_job(ranks, sync);

	lock_all();
	do_to_all(UNLOCK);
	expect_to_go_on();

	end_job();
}

static void two_ranks_are_locked_in_a_tight_loop(void **state)
{
	(void)state;
	all_are_locked_in_short_slots(2, "0");
}

static void two_ranks_are_locked_in_training(void **state)
{
	(void)state;
	all_are_locked_in_short_slots(2, "1");
}

static void eight_ranks_are_locked_in_a_tight_loop(void **state)
{
	(void)state;
	all_are_locked_in_short_slots(8, "0");
}

static void eight_ranks_are_locked_in_training(void **state)
{
	(void)state;
	all_are_locked_in_short_slots(8, "1");
}

/* The GPUs forget the collective with its last rank, and learn it from the first again.
 */
static void ranks_go_on_after_a_checkpoint(unsigned int ranks, const char *sync)
{
	unsigned int counts[RANKS_MAX];

	start_job(ranks, sync);

	lock_all();
	do_to_all(CHECKPOINT);
	gpus_expect_used(0, 0);
	for (unsigned int i = 0; i < ranks; i++)
		counts[i] = count_of(i);
	sleep_ms(LONG_MS);
	for (unsigned int i = 0; i < ranks; i++)
		assert_int_equal(count_of(i), counts[i]);
	do_to_all(RESTORE);
	do_to_all(UNLOCK);
	expect_to_go_on();

	end_job();
}

static void ranks_go_on_after_a_checkpoint_in_a_tight_loop(void **state)
{
	(void)state;
	ranks_go_on_after_a_checkpoint(2, "0");
}

static void ranks_go_on_after_a_checkpoint_in_training(void **state)
{
	(void)state;
	ranks_go_on_after_a_checkpoint(8, "1");
}

/* One that is back runs on alone up to what needs the others, and no further. */
static void a_restored_rank_waits_for_the_others(void **state)
{
	unsigned int count;

	(void)state;
	start_job(2, "1");
	lock_all();
	do_to_all(CHECKPOINT);
	count = count_of(0);

	resume(job.ranks[0]);
	sleep_ms(LONG_MS);
	assert_in_range(count_of(0), count, count + 1);
	resume(job.ranks[1]);
	expect_to_go_on();

	end_job();
}

int main(void)
{
#define JOB_TEST(test) cmocka_unit_test_teardown(test, clear_job)
	const struct CMUnitTest tests[] = {
		JOB_TEST(a_rank_waits_for_the_others),
		JOB_TEST(locks_one_after_the_other_fail_in_a_tight_loop),
		JOB_TEST(locks_one_after_the_other_fail_in_training),
		JOB_TEST(two_ranks_are_locked_in_a_tight_loop),
		JOB_TEST(two_ranks_are_locked_in_training),
		JOB_TEST(eight_ranks_are_locked_in_a_tight_loop),
		JOB_TEST(eight_ranks_are_locked_in_training),
		JOB_TEST(ranks_go_on_after_a_checkpoint_in_a_tight_loop),
		JOB_TEST(ranks_go_on_after_a_checkpoint_in_training),
		JOB_TEST(a_restored_rank_waits_for_the_others),
	};

	srand((unsigned int)getpid());
	return cmocka_run_group_tests(tests, one_gpu, no_gpus);
}
