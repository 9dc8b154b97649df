/* SPDX-License-Identifier: GPL-2.0-only */
#include "cpu_share.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "file_tree.h"
#include "machine.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PID	      7
#define V2	      "/sys/fs/cgroup"
#define V1	      "/sys/fs/cgroup/cpu"

/* --- the machine -------------------------------------------------------------------- */

static bool is_real; /* look at this machine */
static size_t ours;  /* CPUs on which we may run */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	assert_string_equal(mode, "re");
	return is_real ? __real_fopen(path, mode) : file_tree_open(path);
}

size_t machine_cpus(void)
{
	return ours;
}

/* 64 CPUs for us, and no cgroup for the process. */
static int begin(void **state)
{
	(void)state;
	is_real = false;
	ours = 64;
	file_tree_clear();
	return 0;
}

static void be_v2(const char *cgroup)
{
	file_tree_add("/proc/7/cgroup", "0::%s\n", cgroup);
	file_tree_add("/proc/self/mountinfo",
		      "31 23 0:28 / " V2 " rw - cgroup2 cgroup2 rw\n");
}

static void be_v1(const char *cgroup)
{
	file_tree_add("/proc/7/cgroup", "4:memory:/other\n5:cpu,cpuacct:%s\n0::/a\n",
		      cgroup);
	file_tree_add("/proc/self/mountinfo",
		      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		      "36 31 0:33 / " V1 " rw - cgroup cgroup rw,cpu,cpuacct\n"
		      "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n");
}

static void add_v1(const char *directory, const char *quota, const char *period)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", directory);
	file_tree_add(path, "%s", quota);
	snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", directory);
	file_tree_add(path, "%s", period);
}

/* --- where it may run --------------------------------------------------------------- */

static void it_runs_where_we_run(void **state)
{
	(void)state;
	assert_int_equal(cpu_share_of(PID), 64);
	ours = 5;
	assert_int_equal(cpu_share_of(PID), 5);
}

static const struct {
	const char *text;
	unsigned int cpus;
} lists[] = {
	{ "0\n", 1 },	    { "0-3\n", 4 },   { "5-5\n", 1 },
	{ "0-3,8\n", 5 },   { "1,3,5\n", 3 }, { "0-1,4-7,63\n", 7 },
	{ "0-1023\n", 64 }, { "\n", 64 },     { "", 64 },
	{ "0-3", 64 },	    { "3-0\n", 64 },  { "0-\n", 64 },
	{ "-3\n", 64 },	    { "0,\n", 64 },   { "0 1\n", 64 },
	{ "0-3,8 \n", 64 }, { "all\n", 64 },  { "0-18446744073709551615\n", 64 },
	{ "0-3,x\n", 64 },  { "0--3\n", 64 }, { "99999999999999999999\n", 64 },
};

static void cpuset_is_a_list_of_ranges(void **state)
{
	(void)state;
	be_v2("/a");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		file_tree_add(V2 "/a/cpuset.cpus.effective", "%s", lists[i].text);
		if (cpu_share_of(PID) != lists[i].cpus)
			fail_msg("%s: %u", lists[i].text, cpu_share_of(PID));
	}
}

/* Where the controller is not enabled, that of the next above it holds. */
static void lowest_cpuset_counts(void **state)
{
	(void)state;
	be_v2("/a/b/c");
	file_tree_add(V2 "/cpuset.cpus.effective", "0-31\n");
	assert_int_equal(cpu_share_of(PID), 32);
	file_tree_add(V2 "/a/cpuset.cpus.effective", "4-11\n");
	assert_int_equal(cpu_share_of(PID), 8);
	file_tree_add(V2 "/a/b/c/cpuset.cpus.effective", "4,5\n");
	assert_int_equal(cpu_share_of(PID), 2);
}

static void cpuset_of_version_1_has_its_own_hierarchy(void **state)
{
	(void)state;
	file_tree_add("/proc/7/cgroup", "3:cpuset:/a\n1:cpu:/\n0::/\n");
	file_tree_add(
		"/proc/self/mountinfo",
		"36 31 0:33 / " V1 " rw - cgroup cgroup rw,cpu\n"
		"37 31 0:34 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
	assert_int_equal(cpu_share_of(PID), 64);
	file_tree_add("/sys/fs/cgroup/cpuset/a/cpuset.effective_cpus", "1-6\n");
	assert_int_equal(cpu_share_of(PID), 6);
}

/* --- what it may take --------------------------------------------------------------- */

static const struct {
	const char *text;
	unsigned int cpus;
} quotas[] = {
	{ "max 100000\n", 64 },	     { "400000 100000\n", 4 },
	{ "400001 100000\n", 5 },    { "350000 100000\n", 4 },
	{ "1000 100000\n", 1 },	     { "0 100000\n", 1 },
	{ "100000 50000\n", 2 },     { "6400000 100000\n", 64 },
	{ "99900000 100000\n", 64 }, { "18446744073709551615 1\n", 64 },
};

static void quota_is_rounded_up_and_at_least_one(void **state)
{
	(void)state;
	be_v2("/a");
	for (size_t i = 0; i < ARRAY_SIZE(quotas); i++) {
		file_tree_add(V2 "/a/cpu.max", "%s", quotas[i].text);
		if (cpu_share_of(PID) != quotas[i].cpus)
			fail_msg("%s: %u", quotas[i].text, cpu_share_of(PID));
	}
}

static void every_level_up_to_the_mount_is_looked_at(void **state)
{
	(void)state;
	be_v2("/a/b/c");
	file_tree_add(V2 "/a/b/c/cpu.max", "max 100000\n");
	file_tree_add(V2 "/a/b/cpu.max", "1200000 100000\n");
	assert_int_equal(cpu_share_of(PID), 12);
	file_tree_add(V2 "/a/cpu.max", "900000 100000\n");
	assert_int_equal(cpu_share_of(PID), 9);

	/* In a container the mount itself has one. */
	file_tree_add(V2 "/cpu.max", "700000 100000\n");
	assert_int_equal(cpu_share_of(PID), 7);
	file_tree_add(V2 "/a/b/c/cpu.max", "600000 100000\n");
	assert_int_equal(cpu_share_of(PID), 6);
}

static void quota_of_version_1_is_in_two_files(void **state)
{
	(void)state;
	be_v1("/a/b");
	add_v1(V1 "/a/b", "-1\n", "100000\n");
	assert_int_equal(cpu_share_of(PID), 64);

	add_v1(V1 "/a", "250000\n", "100000\n");
	assert_int_equal(cpu_share_of(PID), 3);
	add_v1(V1 "/a/b", "50000\n", "25000\n");
	assert_int_equal(cpu_share_of(PID), 2);
}

static void cpuset_bounds_a_quota_and_a_quota_the_cpuset(void **state)
{
	(void)state;
	be_v2("/a");
	file_tree_add(V2 "/a/cpu.max", "800000 100000\n");
	assert_int_equal(cpu_share_of(PID), 8);
	file_tree_add(V2 "/a/cpuset.cpus.effective", "0-5\n");
	assert_int_equal(cpu_share_of(PID), 6);
	file_tree_add(V2 "/a/cpu.max", "400000 100000\n");
	assert_int_equal(cpu_share_of(PID), 4);
}

/* --- what cannot be seen ------------------------------------------------------------ */

static void quota_that_cannot_be_understood_does_not_bound(void **state)
{
	static const char *const rubbish[] = {
		"",
		"\n",
		"2\n",
		"200000\n",
		"200000 \n",
		"200000 0\n",
		"200000 100000",
		"200000 100000 1\n",
		"200000  100000\n",
		" 200000 100000\n",
		"-1 100000\n",
		"+2 1\n",
		"200000,100000\n",
		"0x2 1\n",
		"18446744073709551616 100000000000000000000\n",
		"max max\n",
	};

	(void)state;
	be_v2("/a/b");
	file_tree_add(V2 "/a/cpu.max", "900000 100000\n");
	for (size_t i = 0; i < ARRAY_SIZE(rubbish); i++) {
		file_tree_add(V2 "/a/b/cpu.max", "%s", rubbish[i]);
		if (cpu_share_of(PID) != 9)
			fail_msg("\"%s\": %u", rubbish[i], cpu_share_of(PID));
	}
}

static void half_a_quota_of_version_1_does_not_bound(void **state)
{
	(void)state;
	be_v1("/a");
	add_v1(V1 "/a", "200000\n", "rubbish\n");
	assert_int_equal(cpu_share_of(PID), 64);
	add_v1(V1 "/a", "200000\n", "0\n");
	assert_int_equal(cpu_share_of(PID), 64);
	add_v1(V1 "/a", "200000\n", "");
	file_tree_fail_read(V1 "/a/cpu.cfs_period_us", EIO);
	assert_int_equal(cpu_share_of(PID), 64);
}

static void files_that_cannot_be_read_do_not_bound(void **state)
{
	(void)state;
	be_v2("/a/b");
	file_tree_add(V2 "/a/cpu.max", "900000 100000\n");
	file_tree_fail_open(V2 "/a/b/cpu.max", EACCES);
	assert_int_equal(cpu_share_of(PID), 9);
	file_tree_fail_read(V2 "/a/b/cpu.max", ENODEV);
	assert_int_equal(cpu_share_of(PID), 9);

	file_tree_fail_open("/proc/self/mountinfo", EACCES);
	assert_int_equal(cpu_share_of(PID), 64);
	file_tree_fail_open("/proc/7/cgroup", EACCES);
	assert_int_equal(cpu_share_of(PID), 64);
}

static void this_machine_gives_at_least_one(void **state)
{
	(void)state;
	is_real = true;

	assert_in_range(cpu_share_of(getpid()), 1, 64);
	assert_in_range(cpu_share_of(0x7fffffff), 64, 64);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_runs_where_we_run),
		CASE(cpuset_is_a_list_of_ranges),
		CASE(lowest_cpuset_counts),
		CASE(cpuset_of_version_1_has_its_own_hierarchy),
		CASE(quota_is_rounded_up_and_at_least_one),
		CASE(every_level_up_to_the_mount_is_looked_at),
		CASE(quota_of_version_1_is_in_two_files),
		CASE(cpuset_bounds_a_quota_and_a_quota_the_cpuset),
		CASE(quota_that_cannot_be_understood_does_not_bound),
		CASE(half_a_quota_of_version_1_does_not_bound),
		CASE(files_that_cannot_be_read_do_not_bound),
		CASE(this_machine_gives_at_least_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
