/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process and those below it as the doctor sees them: a tree that is made up.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "at_work.h"
#include "check_outcome.h"
#include "gpu_sharing.h"
#include "memory_answer.h"
#include "memory_room.h"
#include "proc.h"
#include "process_tree.h"

#define GIB (UINT64_C(1) << 30)

/* --- the world: pids 10, 11 and 12, of which the latter two use CUDA -----------------
 */

static struct {
	int tree, maps, state, tid, sharing, memory, room_of_all, room_of_one;
	pid_t tracer, at_work, stopped;
	enum cuda_state states[2];
	bool has_thread, survives;
	size_t sharing_count;
	uint64_t bytes;
} world;

int process_tree_list(pid_t root, pid_t **ret_pids, size_t *ret_count)
{
	assert_int_equal(root, 10);
	if (world.tree)
		return world.tree;

	*ret_pids = calloc(3, sizeof(**ret_pids));
	assert_non_null(*ret_pids);
	for (pid_t i = 0; i < 3; i++)
		(*ret_pids)[i] = 10 + i;
	*ret_count = 3;
	return 0;
}

int proc_may_be_cuda(pid_t pid, bool *ret_may)
{
	*ret_may = pid > 10;
	return pid == 11 ? world.maps : 0;
}

int proc_tracer(pid_t tid, pid_t *ret_tracer)
{
	*ret_tracer = tid == 12 ? world.tracer : 0;
	return 0;
}

int proc_is_stopped(pid_t pid, bool *ret_stopped)
{
	*ret_stopped = pid == world.stopped;
	return 0;
}

bool proc_has_thread(pid_t pid, pid_t tid)
{
	assert_int_equal(tid, pid + 100);
	return world.has_thread;
}

bool at_work_on(pid_t pid, const char *program)
{
	assert_string_equal(program, "cuda-checkpoint");
	return pid == world.at_work;
}

void tool_get_states(const struct tool *tool, unsigned int timeout_ms,
		     struct operation_target *targets, size_t count)
{
	(void)tool;
	assert_int_equal(timeout_ms, 10000);
	for (size_t i = 0; i < count; i++) {
		targets[i].state = world.states[i];
		targets[i].ret = i ? 0 : world.state;
		snprintf(targets[i].text, sizeof(targets[i].text), "why not");
	}
}

void tool_get_restore_tids(const struct tool *tool, struct operation_target *targets,
			   size_t count)
{
	(void)tool;
	for (size_t i = 0; i < count; i++) {
		targets[i].tid = targets[i].pid + 100;
		targets[i].ret = world.tid;
		snprintf(targets[i].text, sizeof(targets[i].text), "why not");
	}
}

int tool_get_memory(const struct tool *tool, const pid_t *pids, size_t count,
		    uint64_t *ret_bytes)
{
	(void)tool;
	(void)pids;
	for (size_t i = 0; !world.memory && i < count; i++)
		ret_bytes[i] = world.bytes;

	return world.memory;
}

bool gpu_sharing_survives(const char *version_file)
{
	(void)version_file;
	return world.survives;
}

int gpu_sharing_find(const pid_t pids[], size_t count, pid_t **ret_pids,
		     size_t *ret_count)
{
	if (world.sharing)
		return world.sharing;

	*ret_pids = calloc(count, sizeof(**ret_pids));
	assert_non_null(*ret_pids);
	memcpy(*ret_pids, pids, count * sizeof(*pids));
	*ret_count = world.sharing_count;
	return 0;
}

int memory_room_check(const struct memory_demand *demands, size_t count, char *ret_reason,
		      size_t size)
{
	(void)demands;
	snprintf(ret_reason, size, "no room");
	return count > 1 ? world.room_of_all : world.room_of_one;
}

static int set_up(void **state)
{
	(void)state;
	check_reset();
	memset(&world, 0, sizeof(world));
	world.has_thread = true;
	world.bytes = GIB;
	examination.utility_answers = true;
	examination.patient.pid = 10;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(examination.patient.tree);
	free(examination.patient.cuda);
	return 0;
}

/* The tree has been found. */
static void found(void)
{
	check_tree(&examination, &diagnosis);
	assert_int_equal(diagnosis.grade, GRADE_OK);
}

/* --- the tree ------------------------------------------------------------------------
 */

static void a_tree_is_told_with_those_that_use_cuda(void **state)
{
	(void)state;
	assert_says(check_tree, GRADE_OK, "pid 10 and 2 below it; with CUDA: 11, 12",
		    NULL);
	assert_int_equal(examination.patient.cuda_count, 2);
}

static void a_process_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	world.tree = -ESRCH;
	assert_says(check_tree, GRADE_ERROR, "there is no process 10", NULL);
	assert_says(check_hands, GRADE_NONE, "", NULL);
	assert_says(check_state, GRADE_NONE, "", NULL);
	assert_says(check_restore_thread, GRADE_NONE, "", NULL);
	assert_says(check_sharing, GRADE_NONE, "", NULL);
	assert_says(check_memory_needed, GRADE_NONE, "", NULL);
}

static void one_that_cannot_be_looked_at_is_an_error(void **state)
{
	(void)state;
	world.maps = -EACCES;
	assert_says(
		check_tree, GRADE_ERROR,
		"pid 11 cannot be looked at: not permitted: that needs CAP_SYS_PTRACE",
		NULL);
	assert_int_equal(examination.patient.cuda_count, 0);
}

static void one_in_the_hands_of_others_is_an_error(void **state)
{
	(void)state;
	found();
	assert_says(check_hands, GRADE_OK,
		    "nobody traces them, stops them or is at work on them", NULL);
	world.stopped = 11;
	assert_says(check_hands, GRADE_ERROR, "pid 11 is stopped",
		    "continue it: kill -CONT");
	world.tracer = 99;
	assert_says(check_hands, GRADE_ERROR, "pid 11 is stopped, pid 12 is traced by 99",
		    "continue it: kill -CONT");
	world.stopped = 0;
	world.at_work = 11;
	assert_says(check_hands, GRADE_ERROR,
		    "the utility is at work on pid 11, pid 12 is traced by 99",
		    "wait for its end");
	assert_says(check_state, GRADE_NONE, "", NULL);
	assert_says(check_restore_thread, GRADE_NONE, "", NULL);
}

/* --- their states --------------------------------------------------------------------
 */

static void the_state_of_each_is_told(void **state)
{
	(void)state;
	found();
	assert_says(check_state, GRADE_OK, "pid 11 is running, pid 12 is running", NULL);
	world.states[1] = CUDA_LOCKED;
	assert_says(check_state, GRADE_WARNING, "pid 11 is running, pid 12 is locked",
		    NULL);
	world.states[0] = CUDA_FAILED;
	assert_says(check_state, GRADE_ERROR, "pid 11 is failed, pid 12 is locked", NULL);
	examination.utility_answers = false;
	assert_says(check_state, GRADE_NONE, "", NULL);
}

static void one_that_does_not_use_cuda_is_good_and_left_out(void **state)
{
	(void)state;
	found();
	world.state = -ENXIO;
	assert_says(check_state, GRADE_OK,
		    "pid 11 does not use CUDA so far, pid 12 is running", NULL);
	assert_int_equal(examination.patient.cuda_count, 1);
	assert_int_equal(examination.patient.cuda[0], 12);
}

static void one_that_cannot_be_asked_is_an_error(void **state)
{
	(void)state;
	found();
	world.state = -ETIMEDOUT;
	assert_says(check_state, GRADE_ERROR,
		    "pid 11 cannot be asked: why not, pid 12 is running", NULL);
}

static void each_needs_its_restore_thread(void **state)
{
	(void)state;
	found();
	assert_says(check_restore_thread, GRADE_OK, "each has its own", NULL);
	world.has_thread = false;
	assert_says(check_restore_thread, GRADE_ERROR,
		    "pid 11 has no thread 111, pid 12 has no thread 112", NULL);
	world.tid = -EIO;
	assert_says(check_restore_thread, GRADE_ERROR, "pid 11: why not, pid 12: why not",
		    NULL);
}

/* --- memory --------------------------------------------------------------------------
 */

static void sharing_is_an_error_or_with_a_newer_driver_a_warning(void **state)
{
	(void)state;
	found();
	assert_says(check_sharing, GRADE_OK,
		    "no ranks of NCCL that share GPU memory were seen", NULL);
	world.sharing_count = 2;
	assert_says(
		check_sharing, GRADE_ERROR,
		"NCCL shares GPU memory between pids 11, 12, which this driver does not "
		"bring back",
		NULL);
	world.survives = true;
	assert_says(check_sharing, GRADE_WARNING,
		    "NCCL shares GPU memory between pids 11, 12", NULL);
	world.sharing = -EACCES;
	assert_says(check_sharing, GRADE_WARNING,
		    "it cannot be seen: not permitted: that needs CAP_SYS_PTRACE", "");
}

static void memory_needs_room_at_once_or_in_waves(void **state)
{
	(void)state;
	found();
	assert_says(check_memory_needed, GRADE_OK,
		    "2.0 GiB of GPU memory, and there is room for it", NULL);
	world.room_of_all = -ENOSPC;
	assert_says(check_memory_needed, GRADE_WARNING,
		    "2.0 GiB of GPU memory, for which there is no room at once: it is "
		    "written "
		    "out in waves",
		    NULL);
	world.room_of_one = -ENOSPC;
	assert_says(check_memory_needed, GRADE_ERROR, "no room", NULL);
}

static void memory_that_is_not_known_is_told(void **state)
{
	(void)state;
	found();
	world.bytes = MEMORY_UNKNOWN;
	assert_says(check_memory_needed, GRADE_OK, "none that the driver's account names",
		    NULL);
	world.memory = -ENODATA;
	assert_says(check_memory_needed, GRADE_WARNING,
		    "how much they have cannot be known", NULL);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_tree_is_told_with_those_that_use_cuda),
		CASE(a_process_that_is_not_there_is_an_error),
		CASE(one_that_cannot_be_looked_at_is_an_error),
		CASE(one_in_the_hands_of_others_is_an_error),
		CASE(the_state_of_each_is_told),
		CASE(one_that_does_not_use_cuda_is_good_and_left_out),
		CASE(one_that_cannot_be_asked_is_an_error),
		CASE(each_needs_its_restore_thread),
		CASE(sharing_is_an_error_or_with_a_newer_driver_a_warning),
		CASE(memory_needs_room_at_once_or_in_waves),
		CASE(memory_that_is_not_known_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
