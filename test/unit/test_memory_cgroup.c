/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_cgroup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "file_tree.h"

#define PID 7
#define V2  "/sys/fs/cgroup"
#define V1  "/sys/fs/cgroup/memory"

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

static bool is_real;

FILE *__wrap_fopen(const char *path, const char *mode)
{
	return is_real ? __real_fopen(path, mode) : file_tree_open(path);
}

static int begin(void **state)
{
	(void)state;
	is_real = false;
	file_tree_clear();
	return 0;
}

/* --- machines ---------------------------------------------------------------------- */

static void be_v2(const char *cgroup)
{
	file_tree_add("/proc/7/cgroup", "0::%s\n", cgroup);
	file_tree_add("/proc/self/mountinfo",
		      "31 23 0:28 / " V2 " rw - cgroup2 cgroup2 rw\n");
}

static void be_v1(const char *cgroup)
{
	file_tree_add("/proc/7/cgroup", "4:memory:%s\n0::/\n", cgroup);
	file_tree_add("/proc/self/mountinfo",
		      "35 31 0:32 / " V1 " rw - cgroup cgroup rw,memory\n"
		      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n");
}

static void add(const char *directory, const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	file_tree_add(path, "%s", text);
}

/* Of 1000 bytes that are used 300 can be reclaimed. */
static void add_v2(const char *directory, const char *max, const char *high)
{
	add(directory, "memory.max", max);
	add(directory, "memory.high", high);
	add(directory, "memory.current", "1000\n");
	add(directory, "memory.stat",
	    "anon 600\nfile 400\nshmem 100\ninactive_anon 5\ninactive_file 100\n"
	    "active_file 200\n");
}

static void add_v1(const char *directory, const char *limit)
{
	add(directory, "memory.limit_in_bytes", limit);
	add(directory, "memory.usage_in_bytes", "1000\n");
	add(directory, "memory.stat",
	    "inactive_file 1\nactive_file 2\ntotal_inactive_file 100\n"
	    "total_active_file 200\n");
}

/* "PATH ROOM;" for each */
static const char *found(void)
{
	static char text[1024];
	struct memory_cgroups cgroups;
	size_t used = 0;

	text[0] = '\0';
	assert_int_equal(memory_cgroups_of(PID, &cgroups), 0);
	for (size_t i = 0; i < cgroups.count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %lu;",
					 cgroups.list[i].path, cgroups.list[i].room);
	memory_cgroups_release(&cgroups);
	return text;
}

/* --- version 2 --------------------------------------------------------------------- */

static void room_is_the_limit_less_what_stays_used(void **state)
{
	(void)state;
	be_v2("/a");
	add_v2(V2 "/a", "5000\n", "max\n");

	assert_string_equal(found(), V2 "/a 4300;");
}

static void the_lower_of_max_and_high_counts(void **state)
{
	(void)state;
	be_v2("/a");
	add_v2(V2 "/a", "5000\n", "3000\n");
	assert_string_equal(found(), V2 "/a 2300;");

	add_v2(V2 "/a", "2000\n", "3000\n");
	assert_string_equal(found(), V2 "/a 1300;");

	add_v2(V2 "/a", "max\n", "3000\n");
	assert_string_equal(found(), V2 "/a 2300;");
}

static void every_level_up_to_the_mount_is_looked_at(void **state)
{
	(void)state;
	be_v2("/a/b/c");
	add_v2(V2 "/a/b/c", "9000\n", "max\n");
	add_v2(V2 "/a/b", "max\n", "max\n");
	add_v2(V2 "/a", "2000\n", "max\n");

	assert_string_equal(found(), V2 "/a/b/c 8300;" V2 "/a 1300;");
}

static void in_a_container_the_mount_itself_has_the_limit(void **state)
{
	(void)state;
	be_v2("/");
	add_v2(V2, "2000\n", "max\n");

	assert_string_equal(found(), V2 " 1300;");
}

static void a_full_cgroup_has_no_room(void **state)
{
	(void)state;
	be_v2("/a");
	add_v2(V2 "/a", "500\n", "max\n");
	assert_string_equal(found(), V2 "/a 0;");

	/* What is said at two moments need not fit together. */
	add_v2(V2 "/a", "500\n", "max\n");
	add(V2 "/a", "memory.current", "50\n");
	assert_string_equal(found(), V2 "/a 500;");
}

static void no_limit_no_cgroup(void **state)
{
	(void)state;
	be_v2("/a/b");
	add_v2(V2 "/a/b", "max\n", "max\n");

	assert_string_equal(found(), "");
}

/* --- version 1 --------------------------------------------------------------------- */

static void version_1_counts_all_below_and_has_huge_limits(void **state)
{
	(void)state;
	be_v1("/a/b");
	add_v1(V1 "/a/b", "9223372036854771712\n");
	add_v1(V1 "/a", "5000\n");
	add_v1(V1, "9223372036854771712\n");

	assert_string_equal(found(), V1 "/a/b 9223372036854771012;" V1 "/a 4300;" V1
					" 9223372036854771012;");
}

/* --- what is not there ------------------------------------------------------------ */

static void without_cgroups_there_is_no_limit(void **state)
{
	(void)state;
	file_tree_add("/proc/7/cgroup", "0::/\n");
	file_tree_add("/proc/self/mountinfo", "22 27 0:21 / /proc rw - proc proc rw\n");

	assert_string_equal(found(), "");
}

static void a_cgroup_that_cannot_be_seen_is_passed_over(void **state)
{
	(void)state;
	be_v2("/a/b");
	add_v2(V2 "/a", "2000\n", "max\n");
	assert_string_equal(found(), V2 "/a 1300;");

	file_tree_fail_open(V2 "/a/b/memory.max", EACCES);
	assert_string_equal(found(), V2 "/a 1300;");

	/* It is removed while it is looked at. */
	add_v2(V2 "/a/b", "1\n", "max\n");
	file_tree_fail_read(V2 "/a/b/memory.current", ENODEV);
	assert_string_equal(found(), V2 "/a 1300;");
}

static void assert_fails(int expected)
{
	struct memory_cgroups untouched = { .count = 4711 };

	assert_int_equal(memory_cgroups_of(PID, &untouched), expected);
	assert_int_equal(untouched.count, 4711);
}

static void what_cannot_be_understood_is_an_error(void **state)
{
	static const char *const files[] = { "memory.max", "memory.high",
					     "memory.current", "memory.stat" };

	(void)state;
	be_v2("/a/b");
	add_v2(V2 "/a/b", "9000\n", "max\n");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char path[256];

		add_v2(V2 "/a", "2000\n", "max\n");
		add(V2 "/a", files[i], "rubbish\n");
		assert_fails(-EBADMSG);

		snprintf(path, sizeof(path), V2 "/a/%s", files[i]);
		file_tree_fail_read(path, EIO);
		assert_fails(-EIO);
	}
}

static void process_that_is_gone_is_said_so(void **state)
{
	(void)state;
	assert_fails(-ESRCH);
}

static void this_machine_is_understood(void **state)
{
	struct memory_cgroups cgroups;

	(void)state;
	is_real = true;

	assert_int_equal(memory_cgroups_of(getpid(), &cgroups), 0);

	for (size_t i = 0; i < cgroups.count; i++)
		assert_int_equal(access(cgroups.list[i].path, F_OK), 0);
	memory_cgroups_release(&cgroups);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(room_is_the_limit_less_what_stays_used),
		CASE(the_lower_of_max_and_high_counts),
		CASE(every_level_up_to_the_mount_is_looked_at),
		CASE(in_a_container_the_mount_itself_has_the_limit),
		CASE(a_full_cgroup_has_no_room),
		CASE(no_limit_no_cgroup),
		CASE(version_1_counts_all_below_and_has_huge_limits),
		CASE(without_cgroups_there_is_no_limit),
		CASE(a_cgroup_that_cannot_be_seen_is_passed_over),
		CASE(what_cannot_be_understood_is_an_error),
		CASE(process_that_is_gone_is_said_so),
		CASE(this_machine_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
