/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is refused before anything is touched, and what it costs to know. The modules that
 * look are stand-ins with answers of the test's.
 */
#include "survey.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_log.h"
#include "gpu_sharing.h"
#include "memory_answer.h"
#include "memory_room.h"
#include "proc.h"
#include "process_tree.h"

#define ROOT 100
#define TREE 5 /* 100 to 104; the odd ones map libcuda */

static const struct tool utility = { .program = "cuda-checkpoint" };
static struct survey_policy policy;

static struct {
	int tree, maps, sharing, memory, room; /* what each returns */
	bool survives;
	size_t sharing_count;
	unsigned int sharing_calls, memory_calls, room_calls;
	size_t asked;	       /* processes, of the last call of either */
	pid_t first;	       /* of them */
	uint64_t first_demand; /* of the last look for room */
	uint64_t second_demand;
	size_t together;    /* processes of that look */
	pid_t without_room; /* it alone has none, as @room says; 0: none has */
} world;

int process_tree_list(pid_t root, pid_t **ret_pids, size_t *ret_count)
{
	pid_t *pids;

	if (world.tree)
		return world.tree;

	pids = calloc(TREE, sizeof(*pids));
	assert_non_null(pids);
	for (int i = 0; i < TREE; i++)
		pids[i] = root + i;
	*ret_pids = pids;
	*ret_count = TREE;
	return 0;
}

int proc_may_be_cuda(pid_t pid, bool *ret_may)
{
	*ret_may = pid % 2;
	return world.maps;
}

bool gpu_sharing_survives(const char *version_file)
{
	assert_string_equal(version_file, "/proc/driver/nvidia/version");
	return world.survives;
}

int gpu_sharing_find(const pid_t pids[], size_t count, pid_t **ret_pids,
		     size_t *ret_count)
{
	world.sharing_calls++;
	world.asked = count;
	world.first = pids[0];
	if (world.sharing)
		return world.sharing;

	*ret_pids = calloc(1, sizeof(**ret_pids));
	*ret_count = world.sharing_count;
	return 0;
}

void gpu_sharing_log(const pid_t pids[], size_t count, bool refused)
{
	(void)pids;
	assert_int_equal(count, world.sharing_count);
	assert_int_equal(refused, !policy.allow_shared_memory);
}

int tool_get_memory(const struct tool *tool, const pid_t *pids, size_t count,
		    uint64_t *ret_bytes)
{
	assert_ptr_equal(tool, &utility);
	world.memory_calls++;
	world.asked = count;
	world.first = pids[0];
	ret_bytes[0] = 4096;
	if (count > 1)
		ret_bytes[1] = MEMORY_UNKNOWN;
	return world.memory;
}

int memory_room_check(const struct memory_demand *demands, size_t count, char *ret_reason,
		      size_t size)
{
	world.room_calls++;
	world.first_demand = demands[0].bytes;
	world.second_demand = count > 1 ? demands[1].bytes : 0;
	world.together = count;
	if (!world.room || (world.without_room && world.without_room != demands[0].pid))
		return 0;

	snprintf(ret_reason, size, "pids %d: too much", demands[0].pid);
	return world.room;
}

static struct survey survey;

/* What was seen the last time is lost. */
static int look(void)
{
	survey_release(&survey);
	return survey_tree(&utility, &policy, ROOT, &survey);
}

static int begin(void **state)
{
	(void)state;

	memset(&world, 0, sizeof(world));
	policy = (struct survey_policy){ .check_memory = true };
	fake_log_reset();
	return 0;
}

static void only_those_that_may_be_cuda_are_looked_at(void **state)
{
	(void)state;

	assert_int_equal(look(), 0);

	assert_int_equal(world.sharing_calls, 1);
	assert_int_equal(world.memory_calls, 1);
	assert_int_equal(world.asked, 2);
	assert_int_equal(world.first, 101);
	assert_int_equal(fake_log.length, 0);
}

static void what_was_seen_is_told(void **state)
{
	(void)state;

	assert_int_equal(look(), 0);

	assert_int_equal(survey.tree_count, TREE);
	assert_int_equal(survey.tree[TREE - 1], ROOT + TREE - 1);
	assert_int_equal(survey.count, 2);
	assert_int_equal(survey.pids[1], 103);
	assert_int_equal(survey.bytes[0], 4096);
	assert_true(survey.bytes[1] == MEMORY_UNKNOWN);

	policy.check_memory = false;
	assert_int_equal(look(), 0);
	assert_true(survey.bytes[0] == MEMORY_UNKNOWN);
}

static void every_process_is_if_that_is_asked_for(void **state)
{
	(void)state;
	policy.ask_every_process = true;

	assert_int_equal(look(), 0);

	assert_int_equal(world.asked, TREE);
	assert_int_equal(world.first, ROOT);
}

static void tree_without_cuda_costs_no_run(void **state)
{
	(void)state;
	world.maps = -ESRCH; /* each has ended meanwhile */

	assert_int_equal(look(), 0);

	assert_int_equal(world.sharing_calls, 0);
	assert_int_equal(world.memory_calls, 0);
}

static void root_that_has_ended_is_no_error(void **state)
{
	(void)state;
	world.tree = -ESRCH;

	assert_int_equal(look(), 0);
	assert_int_equal(fake_log.length, 0);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	world.tree = -EACCES;
	assert_int_equal(look(), -EACCES);
	assert_true(fake_log_has("pid 100: cannot list the processes below it: not "
				 "permitted: that needs CAP_SYS_PTRACE\n"));

	world.tree = 0;
	world.maps = -EIO;
	assert_int_equal(look(), -EIO);
	assert_true(fake_log_has("pid 100: cannot read its mappings: "));

	world.maps = 0;
	world.sharing = -ENOMEM;
	assert_int_equal(look(), -ENOMEM);
	assert_int_equal(world.memory_calls, 0);
}

static void shared_memory_is_refused(void **state)
{
	(void)state;
	world.sharing_count = 2;

	assert_int_equal(look(), -EPERM);
	assert_int_equal(world.memory_calls, 0);
}

static void shared_memory_that_is_allowed_goes_on(void **state)
{
	(void)state;
	world.sharing_count = 2;
	policy.allow_shared_memory = true;

	assert_int_equal(look(), 0);
	assert_int_equal(world.memory_calls, 1);
}

static void driver_that_survives_it_is_not_in_the_way(void **state)
{
	(void)state;
	world.sharing_count = 2;
	world.survives = true;

	assert_int_equal(look(), 0);
	assert_int_equal(world.sharing_calls, 0);
}

static void memory_without_room_is_refused_with_the_way_round(void **state)
{
	(void)state;
	world.room = -ENOSPC;

	assert_int_equal(look(), -EPERM);

	assert_int_equal(world.first_demand, 4096);
	assert_int_equal(world.second_demand, 0);
	assert_true(
		fake_log_has("pids 101: too much; the option memory-check=off goes on "
			     "all the same\n"));
}

static void all_together_must_have_room(void **state)
{
	(void)state;

	assert_int_equal(look(), 0);

	assert_int_equal(world.room_calls, 1);
	assert_int_equal(world.together, 2);
}

static void in_waves_each_alone_must_have_room(void **state)
{
	(void)state;
	policy.in_waves = true;
	policy.ask_every_process = true;

	assert_int_equal(look(), 0);
	assert_int_equal(world.room_calls, TREE);
	assert_int_equal(world.together, 1);

	world.room_calls = 0;
	world.room = -ENOSPC;
	world.without_room = 102;
	assert_int_equal(look(), -EPERM);
	assert_int_equal(world.room_calls, 3);
	assert_true(fake_log_has("pids 102: too much; the option memory-check=off"));
	assert_int_equal(fake_log.lines[LOG_LEVEL_ERROR], 1);
}

static void in_waves_room_that_cannot_be_seen_is_warned_of_once(void **state)
{
	(void)state;
	policy.in_waves = true;
	policy.ask_every_process = true;
	world.room = -EIO;

	assert_int_equal(look(), 0);

	assert_int_equal(world.room_calls, 1);
	assert_int_equal(fake_log.lines[LOG_LEVEL_WARN], 1);
}

static void memory_is_not_asked_for_if_told(void **state)
{
	(void)state;
	world.room = -ENOSPC;
	policy.check_memory = false;

	assert_int_equal(look(), 0);
	assert_int_equal(world.memory_calls, 0);
}

static void memory_that_is_not_known_is_not_in_the_way(void **state)
{
	(void)state;
	world.room = -ENOSPC;
	world.memory = -ENODATA;

	assert_int_equal(look(), 0);
	assert_int_equal(world.room_calls, 0);
}

static void room_that_cannot_be_seen_is_warned_of(void **state)
{
	(void)state;
	world.room = -EIO;

	assert_int_equal(look(), 0);

	assert_int_equal(fake_log.lines[LOG_LEVEL_WARN], 1);
	assert_true(fake_log_has("too much"));
}

static int end(void **state)
{
	(void)state;
	survey_release(&survey);
	return 0;
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_those_that_may_be_cuda_are_looked_at),
		CASE(what_was_seen_is_told),
		CASE(every_process_is_if_that_is_asked_for),
		CASE(tree_without_cuda_costs_no_run),
		CASE(root_that_has_ended_is_no_error),
		CASE(what_cannot_be_read_is_an_error),
		CASE(shared_memory_is_refused),
		CASE(shared_memory_that_is_allowed_goes_on),
		CASE(driver_that_survives_it_is_not_in_the_way),
		CASE(memory_without_room_is_refused_with_the_way_round),
		CASE(all_together_must_have_room),
		CASE(in_waves_each_alone_must_have_room),
		CASE(in_waves_room_that_cannot_be_seen_is_warned_of_once),
		CASE(memory_is_not_asked_for_if_told),
		CASE(memory_that_is_not_known_is_not_in_the_way),
		CASE(room_that_cannot_be_seen_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
