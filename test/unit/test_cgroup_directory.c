/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the name of a cgroup to its directory, on machines of several kinds.
 */
#include "cgroup_directory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "file_tree.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PID	      7

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	assert_string_equal(mode, "re");
	return file_tree_open(path);
}

static int begin(void **state)
{
	(void)state;
	file_tree_clear();
	return 0;
}

/* clang-format off */
#define OTHERS  "22 27 0:21 / /proc rw,relatime - proc proc rw\n" \
		"27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n"
#define UNIFIED "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
#define HYBRID  "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" \
		"32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n" \
		"35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" \
		"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"

static const struct {
	const char *name;
	enum cgroup_version version;
	const char *controller;
	const char *cgroup;
	const char *mounts;
	int ret;
	const char *path;
	const char *top;
} machines[] = {
	{ "version 2 alone", CGROUP_V2, "memory", "0::/a.slice/b.scope\n", OTHERS UNIFIED,
	  0, "/sys/fs/cgroup/a.slice/b.scope", "/sys/fs/cgroup" },
	{ "in the root", CGROUP_V2, "memory", "0::/\n", OTHERS UNIFIED, 0, "/sys/fs/cgroup", "/sys/fs/cgroup" },
	{ "version 1 there is not", CGROUP_V1, "memory", "0::/a\n", OTHERS UNIFIED, -ENOENT, NULL, NULL },
	{ "both, version 1", CGROUP_V1, "memory", "9:name=systemd:/s\n4:cpu,memory:/a/b\n0::/c\n", OTHERS HYBRID,
	  0, "/sys/fs/cgroup/memory/a/b", "/sys/fs/cgroup/memory" },
	{ "both, version 2", CGROUP_V2, "memory", "9:name=systemd:/s\n4:memory:/a/b\n0::/c\n", OTHERS HYBRID,
	  0, "/sys/fs/cgroup/unified/c", "/sys/fs/cgroup/unified" },
	{ "another controller only", CGROUP_V1, "memory", "4:memoryx,xmemory:/a\n", OTHERS HYBRID, -ENOENT, NULL, NULL },
	{ "one of several controllers", CGROUP_V1, "cpu", "4:memory:/a\n5:cpu:/b\n", OTHERS HYBRID,
	  0, "/sys/fs/cgroup/cpu/b", "/sys/fs/cgroup/cpu" },
	{ "one hierarchy, two controllers", CGROUP_V1, "cpu", "4:cpuset,cpu,cpuacct:/a\n",
	  "35 31 0:32 / /m rw - cgroup cgroup rw,cpuset\n36 31 0:33 / /c rw - cgroup cgroup rw,cpuset,cpu,cpuacct\n",
	  0, "/c/a", "/c" },
	{ "of version 2 they are together", CGROUP_V2, "cpu", "0::/a\n", OTHERS UNIFIED,
	  0, "/sys/fs/cgroup/a", "/sys/fs/cgroup" },
	{ "mounted with another", CGROUP_V1, "memory", "4:memory:/a\n",
	  "35 31 0:32 / /m rw - cgroup cgroup rw,cpu,memory,cpuacct\n", 0, "/m/a", "/m" },
	{ "colons in the name", CGROUP_V2, "memory", "0::/a:b:c\n", UNIFIED, 0, "/sys/fs/cgroup/a:b:c", "/sys/fs/cgroup" },
	{ "blanks in names", CGROUP_V2, "memory", "0::/a b\n",
	  "31 23 0:28 / /my\\040cgroups\\134x rw - cgroup2 none rw\n", 0, "/my cgroups\\x/a b", "/my cgroups\\x" },
	{ "no optional field, and many", CGROUP_V2, "memory", "0::/a\n",
	  "31 23 0:28 / /m rw shared:2 master:3 propagate_from:4 unbindable - cgroup2 none rw\n", 0, "/m/a", "/m" },
	{ "a container that sees its own part", CGROUP_V2, "memory", "0::/docker/abc/x\n",
	  "31 23 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", 0, "/sys/fs/cgroup/x", "/sys/fs/cgroup" },
	{ "the very part", CGROUP_V2, "memory", "0::/docker/abc\n",
	  "31 23 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", 0, "/sys/fs/cgroup", "/sys/fs/cgroup" },
	{ "another part", CGROUP_V2, "memory", "0::/docker/abcd\n",
	  "31 23 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", -ENOENT, NULL, NULL },
	{ "outside of the namespace", CGROUP_V2, "memory", "0::/../other\n", UNIFIED, -ENOENT, NULL, NULL },
	{ "just outside", CGROUP_V2, "memory", "0::/..\n", UNIFIED, -ENOENT, NULL, NULL },
	{ "a name that looks like it", CGROUP_V2, "memory", "0::/..x\n", UNIFIED, 0, "/sys/fs/cgroup/..x", "/sys/fs/cgroup" },
	{ "a mount from outside", CGROUP_V2, "memory", "0::/../other\n",
	  "31 23 0:28 /.. /m rw - cgroup2 cgroup rw\n", 0, "/m/other", "/m" },
	{ "the mount that shows most", CGROUP_V2, "memory", "0::/a/b\n",
	  "1 2 0:28 /a /part rw - cgroup2 none rw\n3 2 0:28 / /all rw - cgroup2 none rw\n"
	  "4 2 0:28 /a/b /less rw - cgroup2 none rw\n", 0, "/all/a/b", "/all" },
	{ "the later of two", CGROUP_V2, "memory", "0::/a\n",
	  "1 2 0:28 / /one rw - cgroup2 none rw\n3 2 0:28 / /two rw - cgroup2 none rw\n", 0, "/two/a", "/two" },
	{ "the later of two in one place", CGROUP_V2, "memory", "0::/../a\n",
	  "1 2 0:28 /.. /m rw - cgroup2 none rw\n3 1 0:28 / /m rw - cgroup2 none rw\n", -ENOENT, NULL, NULL },
	{ "hidden by something else", CGROUP_V2, "memory", "0::/a\n",
	  "1 2 0:28 / /m rw - cgroup2 none rw\n3 1 0:29 / /m rw - tmpfs none rw\n", -ENOENT, NULL, NULL },
	{ "a mount elsewhere, when one is hidden", CGROUP_V2, "memory", "0::/a/b\n",
	  "1 2 0:28 / /m rw - cgroup2 none rw\n3 1 0:29 / /m rw - tmpfs none rw\n"
	  "4 2 0:28 /a /n rw - cgroup2 none rw\n", 0, "/n/b", "/n" },
	{ "mounted nowhere", CGROUP_V2, "memory", "0::/a\n", OTHERS, -ENOENT, NULL, NULL },
	{ "rubbish", CGROUP_V2, "memory", "rubbish\n0:\n:\n0::\n0::x\n0:x:/\n", UNIFIED, -ENOENT, NULL, NULL },
	{ "mounts of rubbish", CGROUP_V2, "memory", "0::/a\n", "rubbish\n1 2 3 4 5 6 7\n1 2 3 / /m - cgroup2 none rw\n"
	  "1 2 3 / /m rw - cgroup2\n1 2 3 / /m rw - cgroup2 none\n\n", -ENOENT, NULL, NULL },
	{ "no newline at the end", CGROUP_V2, "memory", "0::/a", "31 23 0:28 / /m rw - cgroup2 none rw", 0, "/m/a", "/m" },
};
/* clang-format on */

static void directory_is_found_on_machines_of_all_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		char *path autofree = NULL;
		size_t top = 0;
		int ret;

		file_tree_add("/proc/7/cgroup", "%s", machines[i].cgroup);
		file_tree_add("/proc/self/mountinfo", "%s", machines[i].mounts);

		ret = cgroup_directory_of(PID, machines[i].version,
					  machines[i].controller, &path, &top);

		if (ret != machines[i].ret)
			fail_msg("%s: %d", machines[i].name, ret);
		if (!ret && (strcmp(path, machines[i].path) != 0 ||
			     top != strlen(machines[i].top)))
			fail_msg("%s: %s, %zu", machines[i].name, path, top);
		if (ret)
			assert_null(path);
	}
}

static void assert_fails(int expected)
{
	char *path = NULL;
	size_t top;

	assert_int_equal(cgroup_directory_of(PID, CGROUP_V2, "memory", &path, &top),
			 expected);
	assert_null(path);
}

static void process_that_is_gone_is_said_so(void **state)
{
	(void)state;
	file_tree_add("/proc/self/mountinfo", UNIFIED);

	assert_fails(-ESRCH);
}

static void files_that_cannot_be_read_are_an_error(void **state)
{
	(void)state;
	file_tree_fail_open("/proc/7/cgroup", EACCES);
	assert_fails(-EACCES);
	file_tree_fail_read("/proc/7/cgroup", EIO);
	assert_fails(-EIO);
	file_tree_add("/proc/7/cgroup", "0::/a\n");
	file_tree_fail_open("/proc/self/mountinfo", EMFILE);
	assert_fails(-EMFILE);
	file_tree_fail_read("/proc/self/mountinfo", EIO);
	assert_fails(-EIO);
}

static void upwards_it_ends_at_the_mount(void **state)
{
	char path[] = "/sys/fs/cgroup/a b/c", mount[] = "/m", root[] = "/a";

	(void)state;
	assert_true(cgroup_directory_up(path, strlen("/sys/fs/cgroup")));
	assert_string_equal(path, "/sys/fs/cgroup/a b");
	assert_true(cgroup_directory_up(path, strlen("/sys/fs/cgroup")));
	assert_string_equal(path, "/sys/fs/cgroup");
	assert_false(cgroup_directory_up(path, strlen("/sys/fs/cgroup")));
	assert_string_equal(path, "/sys/fs/cgroup");

	assert_false(cgroup_directory_up(mount, strlen("/m")));
	assert_string_equal(mount, "/m");
	assert_true(cgroup_directory_up(root, 0));
	assert_string_equal(root, "");
	assert_false(cgroup_directory_up(root, 0));
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(directory_is_found_on_machines_of_all_kinds),
		CASE(upwards_it_ends_at_the_mount),
		CASE(process_that_is_gone_is_said_so),
		CASE(files_that_cannot_be_read_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
