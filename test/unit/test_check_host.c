/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rights, kernel and memory as the doctor sees them.
 */
#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check_outcome.h"
#include "file_tree.h"
#include "doctor/host_room.h"

#define GIB (UINT64_C(1) << 30)

static uint64_t capabilities;
static int capget_error, access_error, room_error;
static uint64_t room;

FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	(void)mode;
	return file_tree_open(path);
}

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return 1000;
}

/* Of capget() alone. */
long __wrap_syscall(long number, struct __user_cap_header_struct *header,
		    struct __user_cap_data_struct *sets);
long __wrap_syscall(long number, struct __user_cap_header_struct *header,
		    struct __user_cap_data_struct *sets)
{
	(void)number;
	assert_int_equal(header->version, _LINUX_CAPABILITY_VERSION_3);
	assert_int_equal(header->pid, 0);
	if (capget_error) {
		errno = capget_error;
		return -1;
	}

	sets[0].effective = (uint32_t)capabilities;
	sets[1].effective = (uint32_t)(capabilities >> 32);
	return 0;
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	(void)mode;
	assert_string_equal(path, "/proc/thread-self/children");
	errno = access_error;
	return access_error ? -1 : 0;
}

/* In place of host_room.c. */
int host_room_find(struct host_room *ret_room)
{
	if (!room_error)
		*ret_room = (struct host_room){ .bytes = room, .place = "/small" };

	return room_error;
}

static int set_up(void **state)
{
	(void)state;
	check_reset();
	file_tree_clear();
	capabilities = capget_error = access_error = room_error = 0;
	room = 64 * GIB;
	return 0;
}

static uint64_t bit(unsigned int number)
{
	return UINT64_C(1) << number;
}

static void rights_are_what_criu_and_the_utility_need(void **state)
{
	(void)state;
	capabilities = bit(CAP_SYS_ADMIN) | bit(CAP_SYS_PTRACE);
	assert_says(check_rights, GRADE_OK,
		    "user 1000 has CAP_SYS_ADMIN and CAP_SYS_PTRACE", NULL);
	capabilities = bit(40) | bit(CAP_SYS_PTRACE);
	assert_says(
		check_rights, GRADE_WARNING,
		"CRIU works with --unprivileged only, without CAP_SYS_ADMIN: much cannot "
		"be dumped then",
		NULL);
	capabilities = bit(CAP_SYS_ADMIN);
	assert_says(check_rights, GRADE_ERROR,
		    "user 1000 lacks CAP_SYS_PTRACE: neither CRIU nor the utility may "
		    "work on "
		    "processes of others",
		    NULL);
	capabilities = bit(CAP_SYS_PTRACE);
	assert_says(
		check_rights, GRADE_ERROR,
		"user 1000 lacks CAP_SYS_ADMIN: CRIU may not work on processes of others",
		NULL);
	capget_error = EPERM;
	assert_says(check_rights, GRADE_ERROR,
		    "the capabilities cannot be seen: Operation not permitted", "");
}

static void a_kernel_must_let_trace_and_list_children(void **state)
{
	static const char good[] =
		"it lets processes be traced, and lists their children";

	(void)state;
	assert_says(check_kernel, GRADE_OK, good, NULL);
	file_tree_add("/proc/sys/kernel/yama/ptrace_scope", "2\n");
	assert_says(check_kernel, GRADE_OK, good, NULL);
	file_tree_add("/proc/sys/kernel/yama/ptrace_scope", "3\n");
	assert_says(check_kernel, GRADE_ERROR,
		    "nobody may trace: /proc/sys/kernel/yama/ptrace_scope is 3", NULL);
	file_tree_add("/proc/sys/kernel/yama/ptrace_scope", "0\n");
	access_error = ENOENT;
	assert_says(check_kernel, GRADE_ERROR,
		    "the children of processes cannot be listed: there is no "
		    "/proc/thread-self/children",
		    NULL);
}

static void less_memory_than_a_gpu_has_is_a_warning(void **state)
{
	(void)state;
	examination.gpus.count = 2;
	examination.gpus.at[0].memory = 16 * GIB;
	examination.gpus.at[1].memory = 80 * GIB;
	assert_says(check_memory, GRADE_WARNING,
		    "64.0 GiB in /small, and a GPU has 80.0 GiB: a process that fills it "
		    "cannot be dumped",
		    NULL);
	examination.gpus.at[1].memory = 64 * GIB;
	assert_says(check_memory, GRADE_OK, "64.0 GiB available, in /small", NULL);
}

static void memory_that_cannot_be_seen_is_a_warning(void **state)
{
	(void)state;
	room_error = -EACCES;
	assert_says(check_memory, GRADE_WARNING,
		    "how much there is cannot be seen: Permission denied", "");
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rights_are_what_criu_and_the_utility_need),
		CASE(a_kernel_must_let_trace_and_list_children),
		CASE(less_memory_than_a_gpu_has_is_a_warning),
		CASE(memory_that_cannot_be_seen_is_a_warning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
