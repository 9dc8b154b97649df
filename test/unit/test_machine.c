/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"

/* --- the machine ---------------------------------------------------------------------
 */

static const char *gpus; /* the folder in place of the driver's; NULL: the driver's */
static int error;	 /* of the affinity, or 0 */
static long online;	 /* the CPUs, says the system */

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_opendir(const char *path)
{
	assert_string_equal(path, MACHINE_GPUS_FOLDER);

	return __real_opendir(gpus ? gpus : path);
}

int __real_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *ret_cpus);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *ret_cpus);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *ret_cpus)
{
	if (!error)
		return __real_sched_getaffinity(pid, size, ret_cpus);

	errno = error;
	return -1;
}

long __real_sysconf(int name);
long __wrap_sysconf(int name);
long __wrap_sysconf(int name)
{
	return name == _SC_NPROCESSORS_ONLN ? online : __real_sysconf(name);
}

static int set_up(void **state)
{
	(void)state;
	gpus = NULL;
	error = 0;
	online = -1;

	return 0;
}

/* --- GPUs ------------------------------------------------------------------------------
 */

static void each_folder_of_the_drivers_is_a_gpu(void **state)
{
	static const char *const names[] = { "0000:17:00.0", "0000:65:00.0",
					     "0001:00:00.0" };
	const size_t count = sizeof(names) / sizeof(names[0]);
	char folder[] = "/tmp/test_machine.XXXXXX";
	size_t counted[4];
	int fd;

	(void)state;
	gpus = mkdtemp(folder);
	assert_non_null(gpus);
	fd = open(gpus, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);

	counted[0] = machine_gpus();
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(mkdirat(fd, names[i], 0700), 0);
		counted[i + 1] = machine_gpus();
	}
	for (size_t i = 0; i < count; i++)
		unlinkat(fd, names[i], AT_REMOVEDIR);
	close(fd);
	rmdir(folder);

	for (size_t i = 0; i <= count; i++)
		assert_int_equal(counted[i], i);
}

static void without_a_driver_there_is_none(void **state)
{
	(void)state;
	gpus = "/nowhere/gpus";

	assert_int_equal(machine_gpus(), 0);
}

static void this_machine_has_as_many_as_its_driver_says(void **state)
{
	(void)state;
	if (access(MACHINE_GPUS_FOLDER, F_OK) == 0)
		assert_true(machine_gpus() > 0);
	else
		assert_int_equal(machine_gpus(), 0);
}

/* --- CPUs
 * -------------------------------------------------------------------------------- */

static void cpus_are_those_that_the_process_may_use(void **state)
{
	cpu_set_t all, one;
	size_t counted;
	int cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	assert_true(machine_cpus() >= 1);
	assert_int_equal(machine_cpus(), CPU_COUNT(&all));

	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	counted = machine_cpus();
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);

	assert_int_equal(counted, 1);
}

static void where_there_are_too_many_to_tell_the_whole_machine_counts(void **state)
{
	(void)state;
	error = EINVAL;
	online = 2048;

	assert_int_equal(machine_cpus(), 2048);
}

static void one_is_there_in_any_case(void **state)
{
	(void)state;
	error = EINVAL;

	online = -1;
	assert_int_equal(machine_cpus(), 1);
	online = 0;
	assert_int_equal(machine_cpus(), 1);
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_folder_of_the_drivers_is_a_gpu),
		CASE(without_a_driver_there_is_none),
		CASE(this_machine_has_as_many_as_its_driver_says),
		CASE(cpus_are_those_that_the_process_may_use),
		CASE(where_there_are_too_many_to_tell_the_whole_machine_counts),
		CASE(one_is_there_in_any_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
