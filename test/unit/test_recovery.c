/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to a process that was left on a rung, and when it is left alone: over a
 * process, 11, that is made up.
 */
#include "recover/recovery.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "at_work.h"
#include "buffer_marker.h"
#include "doctor/process_name.h"
#include "fake_log.h"
#include "proc.h"
#include "process_tree.h"
#include "recover/dump_root.h"

#define PID 11

static struct {
	int traced, gone, at_work, stopped, asked, marker, found, filled, acted, tree;
	enum cuda_state state;
	bool has_image;
	pid_t criu, guardian, root;
	char journal[128];
} world;

static const struct tool the_tool = { .program = "cuda-checkpoint" };

int proc_tracer(pid_t tid, pid_t *ret_tracer)
{
	assert_int_equal(tid, PID);
	*ret_tracer = world.traced ? 99 : 0;
	return 0;
}

int proc_is_stopped(pid_t pid, bool *ret_stopped)
{
	(void)pid;
	*ret_stopped = world.stopped;
	return 0;
}

bool proc_is_gone(pid_t pid)
{
	(void)pid;
	return world.gone;
}

int proc_may_be_cuda(pid_t pid, bool *ret_may)
{
	*ret_may = pid == PID;
	return pid == 13 ? -ESRCH : 0;
}

bool at_work_on(pid_t pid, const char *program)
{
	(void)pid;
	(void)program;
	return world.at_work;
}

int process_name_find(const char *name, pid_t after, pid_t *ret_pid)
{
	const pid_t pid = strcmp(name, "criu") == 0 ? world.criu : world.guardian;

	*ret_pid = pid > after ? pid : 0;
	return 0;
}

pid_t dump_root_of(pid_t pid)
{
	(void)pid;
	return world.root;
}

/* Of 10: itself, 11, and one that ends; of 20: itself. */
int process_tree_list(pid_t root, pid_t **ret_pids, size_t *ret_count)
{
	if (world.tree)
		return world.tree;

	*ret_count = root == 10 ? 3 : 1;
	*ret_pids = calloc(3, sizeof(**ret_pids));
	assert_non_null(*ret_pids);
	(*ret_pids)[0] = root;
	(*ret_pids)[1] = 13;
	(*ret_pids)[2] = PID;
	return 0;
}

static void note(const char *what)
{
	const size_t length = strlen(world.journal);

	snprintf(world.journal + length, sizeof(world.journal) - length, "%s;", what);
}

int buffer_marker_find(pid_t pid, struct buffer_marker *ret_marker)
{
	(void)pid;
	memset(ret_marker, 0, sizeof(*ret_marker));
	return world.marker;
}

int host_buffer_find(pid_t pid, const struct host_buffer_images *images,
		     struct host_buffer *ret_buffer, struct memory_image **ret_image)
{
	(void)pid;
	assert_int_equal(images->dirfd, 7);
	memset(ret_buffer, 0, sizeof(*ret_buffer));
	*ret_image = world.has_image ? (struct memory_image *)&world : NULL;
	return world.found;
}

int host_buffer_fill(pid_t pid, const struct memory_image *image, unsigned int threads,
		     const struct host_buffer *buffer)
{
	(void)pid;
	(void)image;
	(void)buffer;
	assert_int_equal(threads, 2);
	note("fill");
	return world.filled;
}

void host_buffer_image_close(struct memory_image *image)
{
	if (image)
		note("close");
}

void tool_get_states(const struct tool *tool, unsigned int timeout_ms,
		     struct operation_target *targets, size_t count)
{
	assert_ptr_equal(tool, &the_tool);
	assert_int_equal(timeout_ms, 10000);
	assert_int_equal(count, 1);
	targets->ret = world.asked;
	targets->state = world.state;
}

void tool_act(const struct tool *tool, enum cuda_action action, unsigned int timeout_ms,
	      struct operation_target *targets, size_t count)
{
	assert_ptr_equal(tool, &the_tool);
	assert_int_equal(timeout_ms, 0);
	assert_int_equal(count, 1);
	/* It is watched: the process may end. */
	assert_int_equal(targets->watch.look(targets->watch.subject), 0);
	note(cuda_action_name(action));
	targets->ret = world.acted;
}

static int set_up(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.state = CUDA_CHECKPOINTED;
	world.marker = -ENOENT;
	fake_log_reset();
	return 0;
}

/* Recover it. @dirfd: where images are. What was done is @journal. */
static void check_in(int dirfd, bool good, const char *printed, const char *journal)
{
	const struct host_buffer_images images = { .dirfd = dirfd, .threads = 2 };
	const pid_t pids[] = { PID };
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	bool is_good;

	assert_non_null(stream);
	is_good = recovery_run(stream, &the_tool, &images, pids, 1);
	fclose(stream);
	assert_string_equal(text, printed);
	free(text);
	assert_string_equal(world.journal, journal);
	assert_int_equal(is_good, good);
}

static void check(bool good, const char *printed, const char *journal)
{
	check_in(-1, good, printed, journal);
}

/* It is left alone, and @reason is logged. */
static void refused(const char *reason)
{
	check(false, "", "");
	assert_true(fake_log_has(reason));
}

static void it_is_brought_back_from_each_rung(void **state)
{
	(void)state;
	check(true, "pid 11: it was checkpointed, and is running again\n",
	      "restore;unlock;");
	set_up(NULL);
	world.state = CUDA_LOCKED;
	check(true, "pid 11: it was locked, and is running again\n", "unlock;");
	set_up(NULL);
	world.state = CUDA_RUNNING;
	check(true, "pid 11: it is running\n", "");
	set_up(NULL);
	world.asked = -ENXIO;
	check(true, "pid 11: it does not use CUDA\n", "");
}

static void it_is_left_alone_in_the_hands_of_others(void **state)
{
	(void)state;
	world.traced = 1;
	refused("pid 11: pid 99 traces it: wait for its end");
	set_up(NULL);
	world.at_work = 1;
	refused("pid 11: the utility is at work on it: wait for its end");
	set_up(NULL);
	world.stopped = 1;
	refused("pid 11: it is stopped; continue it (kill -CONT) and try again");
	set_up(NULL);
	world.gone = 1;
	refused("pid 11: there is no such process");
	set_up(NULL);
	world.asked = -ETIMEDOUT;
	check(false, "", "");
}

static void it_is_left_alone_while_a_dump_may_have_it(void **state)
{
	(void)state;
	world.criu = 50;
	refused("pid 11: a CRIU is at work, pid 50, and may have it in its hands");
	set_up(NULL);
	world.guardian = 51;
	world.root = 10;
	refused("pid 11: the guardian of a dump is at work, pid 51");
	set_up(NULL);
	world.criu = 50;
	world.root = 10;
	world.tree = -ESRCH;
	refused("pid 11: a CRIU is at work, pid 50");
}

static void a_dump_of_others_does_not_hold_it_up(void **state)
{
	(void)state;
	world.criu = 50;
	world.guardian = 51;
	world.root = 20;
	check(true, "pid 11: it was checkpointed, and is running again\n",
	      "restore;unlock;");
}

static void what_the_driver_has_in_hand_or_given_up_is_left_alone(void **state)
{
	(void)state;
	world.state = CUDA_FAILED;
	refused("pid 11: its CUDA state is \"failed\": the driver has given it up");
	set_up(NULL);
	world.state = CUDA_RESTORING;
	refused("the driver is at work on it: try again");
}

static void one_whose_memory_is_in_an_image_is_left_alone(void **state)
{
	(void)state;
	world.marker = 0;
	refused("pid 11: its GPU memory is in an image of its own, without which the "
		"driver would restore zeros");
	set_up(NULL);
	world.marker = -EACCES;
	refused("pid 11: cannot see whether its GPU memory is in an image: not "
		"permitted");
	set_up(NULL);
	world.state = CUDA_LOCKED;
	world.marker = 0;
	check(true, "pid 11: it was locked, and is running again\n", "unlock;");
}

static void with_its_image_its_memory_is_put_back_first(void **state)
{
	(void)state;
	world.has_image = true;
	check_in(7, true, "pid 11: it was checkpointed, and is running again\n",
		 "fill;close;restore;unlock;");
	set_up(NULL);
	check_in(7, true, "pid 11: it was checkpointed, and is running again\n",
		 "restore;unlock;");
	set_up(NULL);
	world.found = -EBADMSG;
	check_in(7, false, "", "");
	set_up(NULL);
	world.has_image = true;
	world.filled = -EBADMSG;
	check_in(7, false, "", "fill;close;");
}

static void it_stays_where_an_action_fails(void **state)
{
	(void)state;
	world.acted = -EIO;
	check(false, "", "restore;");
}

static void those_of_a_tree_that_use_cuda_are_listed(void **state)
{
	pid_t *pids = NULL;
	size_t count = 0;

	(void)state;
	assert_int_equal(recovery_list_tree(10, &pids, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(pids[0], PID);
	free(pids);
	world.tree = -ESRCH;
	assert_int_equal(recovery_list_tree(10, &pids, &count), -ESRCH);
	assert_true(fake_log_has(
		"pid 10: cannot list the processes below it: there is no such"));
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_is_brought_back_from_each_rung),
		CASE(it_is_left_alone_in_the_hands_of_others),
		CASE(it_is_left_alone_while_a_dump_may_have_it),
		CASE(a_dump_of_others_does_not_hold_it_up),
		CASE(what_the_driver_has_in_hand_or_given_up_is_left_alone),
		CASE(one_whose_memory_is_in_an_image_is_left_alone),
		CASE(with_its_image_its_memory_is_put_back_first),
		CASE(it_stays_where_an_action_fails),
		CASE(those_of_a_tree_that_use_cuda_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
