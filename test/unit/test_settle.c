/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guardian does, and leaves, when CRIU has ended.
 */
#include "settle.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "guardian_world.h"

static void killed_criu_is_made_good(void **state)
{
	pid_t criu = start_criu(CUDA_LOCKED, wait_for_signal);

	(void)state;
	find_guardian();
	assert_int_equal(atomic_load(&guardian_world->brought), 0);

	kill(criu, SIGKILL);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
	assert_int_equal(atomic_load(&guardian_world->pid), debtor);
	assert_int_equal(atomic_load(&guardian_world->goal), CUDA_LOCKED);
	assert_true(has_log());
}

static void criu_that_says_nothing_is_made_good(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, just_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
	assert_int_equal(atomic_load(&guardian_world->goal), CUDA_RUNNING);
}

static void what_was_paid_is_not_touched(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, pay_and_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 0);
	assert_false(has_log());
}

static void process_that_criu_has_killed_is_owed_nothing(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, kill_debtor_and_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 0);
	assert_false(has_log());
}

static void memory_that_criu_has_dropped_is_put_back(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, drop_memory_and_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->offloaded), DROPPED);
	assert_int_equal(atomic_load(&guardian_world->threads), THREADS);
	assert_true(atomic_load(&guardian_world->image_dir) >= 0);
	assert_false(atomic_load(&guardian_world->writes_images));
	assert_false(atomic_load(&guardian_world->has_image));
}

static void image_that_has_lost_its_name_is_open_in_the_guardian(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, write_image_and_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
	assert_int_equal(atomic_load(&guardian_world->offloaded), DROPPED);
	assert_true(atomic_load(&guardian_world->has_image));
}

/* CRIU died before it had noted it. */
static void memory_that_is_not_in_a_restored_process_is_put_back(void **state)
{
	(void)state;
	atomic_store(&guardian_world->is_marked, true);

	start_criu(CUDA_RUNNING, just_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->offloaded), DROPPED);
}

static void memory_that_is_back_is_not_put_back_again(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, put_memory_back_and_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
	assert_int_equal(atomic_load(&guardian_world->offloaded), 0);
}

static void failure_is_tried_again(void **state)
{
	(void)state;
	atomic_store(&guardian_world->failures, 3);

	start_criu(CUDA_RUNNING, just_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 4);
}

static void utility_at_work_is_waited_for(void **state)
{
	char pid_word[16];
	pid_t criu, utility;

	(void)state;
	snprintf(pid_word, sizeof(pid_word), "%d", debtor);
	utility = fork();
	if (utility == 0) {
		execlp("tail", "a-utility-of-this-test", "-f", "/dev/null", "--pid",
		       pid_word, NULL);
		_exit(127);
	}

	criu = start_criu(CUDA_RUNNING, just_end);
	assert_int_equal(waitpid(criu, NULL, 0), criu);
	sleep_ms(500);
	assert_int_equal(atomic_load(&guardian_world->brought), 0);
	kill(utility, SIGKILL);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
}

/* Each of the two takes its time; the second does not wait for the first. */
static void several_are_brought_back_at_once(void **state)
{
	pid_t second = start_debtor();
	int64_t start;

	(void)state;
	atomic_store(&guardian_world->takes_ms, 700);
	start = clock_ms();
	start_criu_with_two(second);
	while (atomic_load(&guardian_world->brought) < 2 &&
	       clock_ms() < start + PATIENCE_MS)
		sleep_ms(5);

	assert_int_equal(atomic_load(&guardian_world->brought), 2);
	assert_true(clock_ms() - start < 2 * 700);
	kill(second, SIGKILL);
	wait_for_end();
}

int __real_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int ret = __real_clock_gettime(clock, ret_time);

	ret_time->tv_sec += atomic_load(&guardian_world->later_s);
	return ret;
}

/* As after --leave-stopped: it would answer nobody. */
static void stopped_process_is_waited_for_however_long(void **state)
{
	(void)state;
	kill(debtor, SIGSTOP);

	start_criu(CUDA_RUNNING, just_end);
	sleep_ms(300);
	atomic_store(&guardian_world->later_s, 3600);
	sleep_ms(300);
	assert_int_equal(atomic_load(&guardian_world->brought), 0);
	atomic_store(&guardian_world->later_s, 0);
	kill(debtor, SIGCONT);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
}

/* What can be done in no way is given up. */
static void patience_has_an_end(void **state)
{
	(void)state;
	atomic_store(&guardian_world->failures, 1000000);

	start_criu(CUDA_RUNNING, just_end);
	while (!atomic_load(&guardian_world->brought))
		sleep_ms(5);
	atomic_store(&guardian_world->later_s, 3600);
	wait_for_end();

	atomic_store(&guardian_world->later_s, 0);
	assert_true(has_log());
}

/* It must not see that it is checkpointed: the driver does not hold up all calls. */
static void process_is_held_still_until_it_is_back(void **state)
{
	unsigned long counts;

	(void)state;
	use_cuda_debtor();
	atomic_store(&guardian_world->takes_ms, 500);

	start_criu(CUDA_RUNNING, just_end);
	sleep_ms(300);
	counts = atomic_load(&guardian_world->counts);
	sleep_ms(100);
	assert_int_equal(atomic_load(&guardian_world->counts), counts);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
	assert_int_equal(atomic_load(&guardian_world->state), 't');
	counts = atomic_load(&guardian_world->counts);
	sleep_ms(100);
	assert_true(atomic_load(&guardian_world->counts) > counts);
}

/* One that can be held need not be waited for, and stays stopped. */
static void stopped_process_that_can_be_held_is_brought_back(void **state)
{
	unsigned long counts;

	(void)state;
	use_cuda_debtor();
	kill(debtor, SIGSTOP);
	start_criu(CUDA_RUNNING, just_end);
	wait_for_end();

	assert_int_equal(atomic_load(&guardian_world->brought), 1);
	counts = atomic_load(&guardian_world->counts);
	sleep_ms(100);
	assert_int_equal(atomic_load(&guardian_world->counts), counts);
	kill(debtor, SIGCONT);
	sleep_ms(100);
	assert_true(atomic_load(&guardian_world->counts) > counts);
}

#define claim(name) \
	cmocka_unit_test_setup_teardown(name, begin_guardian_world, end_guardian_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(killed_criu_is_made_good),
		claim(criu_that_says_nothing_is_made_good),
		claim(what_was_paid_is_not_touched),
		claim(process_that_criu_has_killed_is_owed_nothing),
		claim(memory_that_criu_has_dropped_is_put_back),
		claim(image_that_has_lost_its_name_is_open_in_the_guardian),
		claim(memory_that_is_not_in_a_restored_process_is_put_back),
		claim(memory_that_is_back_is_not_put_back_again),
		claim(failure_is_tried_again),
		claim(utility_at_work_is_waited_for),
		claim(stopped_process_is_waited_for_however_long),
		claim(process_is_held_still_until_it_is_back),
		claim(stopped_process_that_can_be_held_is_brought_back),
		claim(patience_has_an_end),
		claim(several_are_brought_back_at_once),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
