/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locking together, over processes with work in flight: ranks that wait for each other,
 * long kernels, and both. Time passes here as that work says, and not otherwise.
 */
#include "lock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fake_log.h"
#include "proc.h"
#include "team.h"

#define PROCESSES_MAX 8
#define RUN_MS	      5 /* of a run of the utility */
#define RANK_MS	      2 /* of a step of ranks that all run */
#define ROUNDS	      50

struct worker {
	unsigned int kernel_ms; /* of one after the other; 0: it is idle */
	unsigned int steps_ms;	/* of a rank; 0: it is none */
	int64_t next_end;	/* of the kernel */
	bool is_locked;
	bool is_gone;
	int fails_with; /* its lock does */
};

static struct {
	int64_t now_ms;
	struct worker workers[PROCESSES_MAX];
	struct cuda_process processes[PROCESSES_MAX];
	struct cuda_process *list[PROCESSES_MAX];
	size_t count;
	unsigned int locks, unlocks; /* calls */
	unsigned int held_ms;	     /* that worker 0 was locked */
	int64_t locked_at;
	bool ranks_never_agree;
	bool dies_locked; /* worker 0 does */
} world;

static const struct tool utility = { .program = "cuda-checkpoint" };

/* ---- time and chance ---- */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	(void)clock;
	*ret_now = (struct timespec){ .tv_sec = world.now_ms / 1000,
				      .tv_nsec = world.now_ms % 1000 * 1000000 };
	return 0;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)left;
	world.now_ms += time->tv_sec * 1000 + time->tv_nsec / 1000000;
	return 0;
}

ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags)
{
	(void)flags;
	for (size_t i = 0; i < size; i++)
		((unsigned char *)buffer)[i] = (unsigned char)random();
	return (ssize_t)size;
}

/* ---- the driver ---- */

static struct worker *worker_of(const struct operation_target *target)
{
	return &world.workers[target->pid - 1];
}

static bool is_target(const struct worker *worker, const struct operation_target *targets,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (worker_of(&targets[i]) == worker)
			return true;

	return false;
}

/*
 * Does a rank of the targets wait for ever? If one of its peers is locked already; and,
 * if several are locked at once, for those that are ahead in that moment.
 */
static bool ranks_are_stuck(const struct operation_target *targets, size_t count)
{
	size_t ranks = 0;

	for (size_t i = 0; i < world.count; i++) {
		const struct worker *worker = &world.workers[i];

		if (worker->steps_ms && worker->is_locked)
			return true;
		ranks += worker->steps_ms && is_target(worker, targets, count);
	}

	return ranks > 1 && (world.ranks_never_agree || random() % 3 == 0);
}

/* When the work that @worker has in flight ends, from now on. */
static int64_t own_work_ms(struct worker *worker)
{
	if (worker->steps_ms)
		return random() % worker->steps_ms;
	if (!worker->kernel_ms)
		return 0;

	while (worker->next_end <= world.now_ms)
		worker->next_end += worker->kernel_ms;
	return worker->next_end - world.now_ms;
}

static void refuse(struct operation_target *target)
{
	target->ret = -ETIMEDOUT;
	snprintf(target->text, sizeof(target->text), "\"device not ready\"");
}

/* Return: how long it takes. */
static int64_t lock_one(struct operation_target *target, unsigned int timeout_ms,
			bool is_ahead)
{
	struct worker *worker = worker_of(target);
	int64_t took = own_work_ms(worker);

	target->ret = worker->is_gone ? -EIO : worker->fails_with;
	target->began_ms = world.now_ms;
	target->is_cut = false;
	if (target->ret)
		return 0;
	if (is_ahead || (timeout_ms && took > timeout_ms)) {
		if (!timeout_ms)
			fail_msg("a lock that never ends");
		refuse(target);
		took = timeout_ms;
	} else {
		worker->is_locked = true;
		worker->next_end = world.now_ms + took;
		if (worker == world.workers)
			world.locked_at = worker->next_end;
	}

	target->took_ms = (unsigned int)took + RUN_MS;
	return took;
}

void tool_try_lock(const struct tool *tool, unsigned int timeout_ms,
		   struct operation_target *targets, size_t count)
{
	const bool stuck = ranks_are_stuck(targets, count);
	int64_t longest = 0;
	size_t behind = count;

	assert_ptr_equal(tool, &utility);
	world.locks++;
	/* Someone is behind, and has nothing in flight, unless a peer is locked. */
	for (size_t i = 0; stuck && i < count; i++)
		if (worker_of(&targets[i])->steps_ms && (behind == count || random() % 2))
			behind = i;
	for (size_t i = 0; i < world.count && behind < count; i++)
		if (world.workers[i].steps_ms && world.workers[i].is_locked)
			behind = count;
	for (size_t i = 0; i < count; i++) {
		bool ahead = stuck && worker_of(&targets[i])->steps_ms && i != behind;
		int64_t took = lock_one(&targets[i], timeout_ms, ahead);

		longest = took > longest ? took : longest;
	}
	world.now_ms += longest + RUN_MS;
}

void tool_act(const struct tool *tool, enum cuda_action action, unsigned int timeout_ms,
	      struct operation_target *targets, size_t count)
{
	(void)tool;
	(void)timeout_ms;
	assert_int_equal(action, CUDA_UNLOCK);
	world.unlocks++;
	world.now_ms += RUN_MS;
	for (size_t i = 0; i < count; i++) {
		struct worker *worker = worker_of(&targets[i]);

		assert_true(worker->is_locked);
		worker->is_gone |= worker == world.workers && world.dies_locked;
		worker->is_locked = false;
		targets[i].ret = worker->is_gone ? -EIO : 0;
		if (worker == world.workers) {
			world.held_ms += (unsigned int)(world.now_ms - world.locked_at);
			world.locked_at = 0;
		}
		/* Its next kernel begins at once. */
		worker->next_end = world.now_ms + worker->kernel_ms;
	}
}

void tool_log_refusal(const struct operation_target *target, unsigned int tries)
{
	pr_err("pid %d: cannot lock: %s (%u tries)\n", target->pid, target->text, tries);
}

bool proc_is_gone(pid_t pid)
{
	return world.workers[pid - 1].is_gone;
}

/* Nobody is asked for anything else here. */
void tool_get_states(const struct tool *tool, unsigned int timeout_ms,
		     struct operation_target *targets, size_t count)
{
	(void)tool;
	(void)timeout_ms;
	(void)targets;
	fail_msg("%zu processes are asked for their states", count);
}

void tool_get_restore_tids(const struct tool *tool, struct operation_target *targets,
			   size_t count)
{
	tool_get_states(tool, 0, targets, count);
}

int proc_has_restore_thread(pid_t pid, bool *ret_has)
{
	(void)ret_has;
	fail_msg("the threads of pid %d are looked at", pid);
	return -EIO;
}

pid_t proc_sole_restore_thread(pid_t pid)
{
	return (pid_t)proc_has_restore_thread(pid, NULL);
}

bool proc_has_thread(pid_t pid, pid_t tid)
{
	(void)tid;
	return proc_has_restore_thread(pid, NULL);
}

void headway_begin(struct headway *headway, const struct cuda_process *process,
		   enum cuda_action action)
{
	(void)headway;
	fail_msg("%s of pid %d is announced", cuda_action_name(action), process->pid);
}

struct operation_watch vigil_over_answer(struct vigil *vigil)
{
	(void)vigil;
	return (struct operation_watch){ .look = NULL };
}

struct operation_watch vigil_over_operation(struct vigil *vigil)
{
	return vigil_over_answer(vigil);
}

/* ---- the processes ---- */

static int begin(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.now_ms = 1000000;
	fake_log_reset();
	return 0;
}

static struct worker *add(struct worker worker)
{
	const size_t i = world.count++;

	world.workers[i] = worker;
	world.workers[i].next_end = world.now_ms;
	if (worker.kernel_ms)
		world.workers[i].next_end += random() % worker.kernel_ms + 1;
	world.processes[i] = (struct cuda_process){
		.pid = (pid_t)i + 1,
		.rung_is_certain = true,
	};
	world.list[i] = &world.processes[i];
	return &world.workers[i];
}

static void add_ranks(size_t count, unsigned int steps_ms)
{
	for (size_t i = 0; i < count; i++)
		add((struct worker){ .steps_ms = steps_ms });
}

static int lock_all_in(unsigned int timeout_ms)
{
	return lock_together(&utility, world.list, world.count, timeout_ms);
}

static void assert_all(bool locked)
{
	for (size_t i = 0; i < world.count; i++) {
		assert_int_equal(world.workers[i].is_locked, locked);
		assert_int_equal(world.processes[i].rung,
				 locked ? CUDA_LOCKED : CUDA_RUNNING);
		assert_true(world.processes[i].rung_is_certain);
	}
}

/* Each of many times, with other chances. Return: the longest, in ms. */
static int64_t longest_of(void (*add_all)(void), unsigned int timeout_ms)
{
	int64_t longest = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		int64_t began;

		begin(NULL);
		srandom(round);
		add_all();
		began = world.now_ms;
		if (lock_all_in(timeout_ms))
			fail_msg("round %u: %s", round, fake_log.text);
		assert_all(true);
		if (world.now_ms - began > longest)
			longest = world.now_ms - began;
	}

	print_message("# longest of %d: %d ms\n", ROUNDS, (int)longest);
	return longest;
}

/* ---- claims ---- */

static void idle_processes_are_locked_in_one_try(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROCESSES_MAX; i++)
		add((struct worker){ 0 });

	assert_int_equal(lock_all_in(1000), 0);

	assert_all(true);
	assert_int_equal(world.locks, 1);
	assert_int_equal(world.unlocks, 0);
	assert_int_equal(world.processes[0].lock_tries, 1);
	assert_int_equal(fake_log_errors(), 0);
	assert_int_equal(fake_log.lines[LOG_LEVEL_INFO], PROCESSES_MAX);
}

static void one_process_has_all_the_time(void **state)
{
	(void)state;
	add((struct worker){ .kernel_ms = 900 });

	assert_int_equal(lock_all_in(1000), 0);
	assert_int_equal(world.locks, 1);
}

static void one_process_that_takes_longer_is_named_with_the_tries(void **state)
{
	(void)state;
	add((struct worker){ .kernel_ms = 5000 })->next_end = world.now_ms + 5000;

	assert_int_equal(lock_all_in(1000), -ETIMEDOUT);

	assert_all(false);
	assert_true(fake_log_has("pid 1: cannot lock: \"device not ready\""));
	assert_int_equal(world.processes[0].lock_tries, 1);
}

static void two_ranks(void)
{
	add_ranks(2, RANK_MS);
}

static void eight_ranks(void)
{
	add_ranks(8, RANK_MS);
}

static void ranks_are_locked_in_short_slots(void **state)
{
	(void)state;
	assert_true(longest_of(two_ranks, 10000) < 1500);
	assert_true(longest_of(eight_ranks, 10000) < 1500);
}

static void slow_ranks(void)
{
	add_ranks(4, 500);
}

/* Their own work takes longer than a slot, and they wait for each other too. */
static void ranks_with_long_steps_are_locked(void **state)
{
	(void)state;
	assert_true(longest_of(slow_ranks, 20000) < 15000);
}

static void long_kernel_beside_idle(void)
{
	add((struct worker){ 0 });
	add((struct worker){ .kernel_ms = 3000 });
	add((struct worker){ 0 });
}

static void long_kernel_does_not_starve(void **state)
{
	(void)state;
	/* The rest of one that was under way, and the one after it. */
	assert_true(longest_of(long_kernel_beside_idle, 10000) < 2 * 3000 + 500);
}

static void long_kernels(void)
{
	add((struct worker){ .kernel_ms = 1000 });
	add((struct worker){ .kernel_ms = 1500 });
	add((struct worker){ .kernel_ms = 700 });
}

static void several_long_kernels_do_not_starve(void **state)
{
	(void)state;
	/* Each is asked by itself, and then there are two slots or three. */
	assert_true(longest_of(long_kernels, 10000) < 7000);
}

static void long_kernel_beside_ranks(void)
{
	add_ranks(2, RANK_MS);
	add((struct worker){ .kernel_ms = 1500 });
}

static void long_kernel_beside_ranks_starves_neither(void **state)
{
	(void)state;
	/* The kernel is waited for once, and then held. */
	assert_true(longest_of(long_kernel_beside_ranks, 10000) < 1500 + 1500);
}

/* The ranks run while the slow one is waited for. */
static void others_are_not_held_up_while_a_slow_one_is_waited_for(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		begin(NULL);
		srandom(round);
		add((struct worker){ 0 });
		add((struct worker){ .kernel_ms = 3000 });

		assert_int_equal(lock_all_in(10000), 0);

		world.held_ms += (unsigned int)(world.now_ms - world.locked_at);
		assert_true(world.held_ms <= 2 * LOCK_SLOT_MS + 4 * RUN_MS);
	}
}

static void ranks_that_never_agree_fail_in_time_and_are_let_go(void **state)
{
	const int64_t began = 1000000;

	(void)state;
	add_ranks(2, RANK_MS);
	world.ranks_never_agree = true;

	assert_int_equal(lock_all_in(2000), -ETIMEDOUT);

	assert_all(false);
	assert_true(world.now_ms - began < 2000 + 200);
	assert_true(world.now_ms - began > 1900);
	assert_true(fake_log_has("cannot lock: \"device not ready\" ("));
	assert_true(world.processes[0].lock_tries > 10);
}

static void process_that_ends_is_passed_over(void **state)
{
	(void)state;
	add((struct worker){ 0 });
	add((struct worker){ .is_gone = true });
	add((struct worker){ 0 });

	assert_int_equal(lock_all_in(1000), 0);

	assert_true(world.workers[0].is_locked && world.workers[2].is_locked);
	assert_int_equal(world.processes[1].ret, -ESRCH);
}

/* One that is locked ends while another is refused. */
static void process_that_ends_while_it_is_locked_is_passed_over(void **state)
{
	(void)state;
	add((struct worker){ 0 });
	add((struct worker){ .kernel_ms = 500 })->next_end = world.now_ms + 500;
	world.dies_locked = true;

	assert_int_equal(lock_all_in(5000), 0);

	assert_int_equal(world.processes[0].ret, -ESRCH);
	assert_true(world.workers[1].is_locked);
	assert_int_equal(fake_log_errors(), 0);
}

static void failure_lets_all_go_and_is_not_tried_again(void **state)
{
	(void)state;
	add((struct worker){ 0 });
	add((struct worker){ .fails_with = -EIO });
	add((struct worker){ 0 });

	assert_int_equal(lock_all_in(1000), -EIO);

	assert_int_equal(world.locks, 1);
	assert_false(world.workers[0].is_locked || world.workers[2].is_locked);
	assert_false(world.processes[1].rung_is_certain);
}

static void unlocks_of_tries_are_not_told(void **state)
{
	(void)state;
	srandom(1);
	long_kernel_beside_idle();

	assert_int_equal(lock_all_in(10000), 0);

	assert_true(world.unlocks > 0);
	assert_false(world.processes[0].steps[CUDA_UNLOCK].is_done);
	assert_true(world.processes[0].steps[CUDA_LOCK].is_done);
}

static void without_a_limit_it_goes_on_until_all_are_locked(void **state)
{
	(void)state;
	srandom(2);
	long_kernel_beside_ranks();

	assert_int_equal(lock_all_in(0), 0);
	assert_all(true);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(idle_processes_are_locked_in_one_try),
		CASE(one_process_has_all_the_time),
		CASE(one_process_that_takes_longer_is_named_with_the_tries),
		CASE(ranks_are_locked_in_short_slots),
		CASE(ranks_with_long_steps_are_locked),
		CASE(long_kernel_does_not_starve),
		CASE(several_long_kernels_do_not_starve),
		CASE(long_kernel_beside_ranks_starves_neither),
		CASE(others_are_not_held_up_while_a_slow_one_is_waited_for),
		CASE(ranks_that_never_agree_fail_in_time_and_are_let_go),
		CASE(process_that_ends_is_passed_over),
		CASE(process_that_ends_while_it_is_locked_is_passed_over),
		CASE(failure_lets_all_go_and_is_not_tried_again),
		CASE(unlocks_of_tries_are_not_told),
		CASE(without_a_limit_it_goes_on_until_all_are_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
