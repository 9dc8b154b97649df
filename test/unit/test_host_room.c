/* SPDX-License-Identifier: GPL-2.0-only */
#include "doctor/host_room.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "file_tree.h"
#include "memory_cgroup.h"

#define GIB	(UINT64_C(1) << 30)
#define MEMINFO "/proc/meminfo"

static int cgroup_error;
static uint64_t outer_room, inner_room; /* 0: it has no limit */
static char inner_path[300];

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	(void)mode;
	return file_tree_open(path);
}

static void add_cgroup(struct memory_cgroups *cgroups, const char *path, uint64_t room)
{
	if (!room)
		return;

	cgroups->list[cgroups->count].path = strdup(path);
	cgroups->list[cgroups->count++].room = room;
}

/* In place of memory_cgroup.c. */
int memory_cgroups_of(pid_t pid, struct memory_cgroups *ret_cgroups)
{
	assert_int_equal(pid, getpid());
	if (cgroup_error)
		return cgroup_error;

	ret_cgroups->count = 0;
	ret_cgroups->list = calloc(2, sizeof(*ret_cgroups->list));
	assert_non_null(ret_cgroups->list);
	add_cgroup(ret_cgroups, inner_path, inner_room);
	add_cgroup(ret_cgroups, "/outer", outer_room);
	return 0;
}

void memory_cgroups_release(struct memory_cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++)
		free(cgroups->list[i].path);
	free(cgroups->list);
}

static int set_up(void **state)
{
	(void)state;
	file_tree_clear();
	file_tree_add(MEMINFO, "MemAvailable: %u kB\nSwapFree: %u kB\n", 64u << 20,
		      3u << 20);
	cgroup_error = 0;
	outer_room = inner_room = 0;
	snprintf(inner_path, sizeof(inner_path), "/inner");
	return 0;
}

static void assert_room(uint64_t bytes, const char *place)
{
	struct host_room room;

	assert_int_equal(host_room_find(&room), 0);
	assert_int_equal(room.bytes, bytes);
	assert_string_equal(room.place, place);
}

static void room_is_the_least_of_machine_and_cgroups(void **state)
{
	(void)state;
	assert_room(64 * GIB, "the machine");
	outer_room = 100 * GIB;
	assert_room(64 * GIB, "the machine");
	inner_room = 8 * GIB;
	assert_room(8 * GIB, "/inner");
	outer_room = 4 * GIB;
	assert_room(4 * GIB, "/outer");
}

static void place_with_a_long_name_is_cut(void **state)
{
	struct host_room room;

	(void)state;
	memset(inner_path, 'x', sizeof(inner_path) - 1);
	inner_room = 1;
	assert_int_equal(host_room_find(&room), 0);
	assert_int_equal(strlen(room.place), 120);
}

static void room_that_cannot_be_seen_is_an_error(void **state)
{
	struct host_room room = { .bytes = 4711 };

	(void)state;
	cgroup_error = -EACCES;
	assert_int_equal(host_room_find(&room), -EACCES);
	file_tree_clear();
	assert_int_equal(host_room_find(&room), -ENOENT);
	file_tree_add(MEMINFO, "MemAvailable: much\n");
	assert_int_equal(host_room_find(&room), -EBADMSG);
	assert_int_equal(room.bytes, 4711);
}

static void swap_that_cannot_be_seen_is_none(void **state)
{
	(void)state;
	assert_int_equal(host_room_swap(), 3 * GIB);
	file_tree_add(MEMINFO, "MemAvailable: 1 kB\n");
	assert_int_equal(host_room_swap(), 0);
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(room_is_the_least_of_machine_and_cgroups),
		CASE(place_with_a_long_name_is_cut),
		CASE(room_that_cannot_be_seen_is_an_error),
		CASE(swap_that_cannot_be_seen_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
