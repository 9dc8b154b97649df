/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of a child that waits.
 */
#include "remote_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SIZE 65536u

static char *memory; /* at the same address in the child, which has its own copy */
static pid_t child;

static int start_child(void **state)
{
	(void)state;
	/* What is behind it is not there. */
	memory = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	assert_true(memory != MAP_FAILED);
	assert_int_equal(munmap(memory + SIZE, SIZE), 0);
	memset(memory, 'p', SIZE);
	child = fork();
	if (child == 0)
		for (;;)
			pause();

	return child < 0;
}

static int end_child(void **state)
{
	(void)state;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return munmap(memory, SIZE);
}

static void what_was_written_there_is_read_from_there(void **state)
{
	char text[] = "as it was", got[sizeof(text)] = "";

	(void)state;
	assert_int_equal(
		remote_memory_write(child, (uintptr_t)memory + 10, text, sizeof(text)),
		0);
	assert_int_equal(
		remote_memory_read(child, (uintptr_t)memory + 10, got, sizeof(got)), 0);
	assert_string_equal(got, text);
	assert_int_equal(memory[10], 'p'); /* ours is another */
}

static void what_is_not_all_there_is_efault(void **state)
{
	char bytes[SIZE + 1] = "";
	const uint64_t address = (uintptr_t)memory;

	(void)state;
	assert_int_equal(remote_memory_read(child, address, bytes, SIZE), 0);
	assert_int_equal(remote_memory_read(child, address, bytes, SIZE + 1), -EFAULT);
	assert_int_equal(remote_memory_write(child, address, bytes, SIZE + 1), -EFAULT);
	assert_int_equal(remote_memory_read(child, 0, bytes, 1), -EFAULT);
	assert_int_equal(remote_memory_write(child, UINT64_MAX, bytes, 1), -EFAULT);
}

static void process_that_has_ended_is_esrch(void **state)
{
	char byte = 0;

	(void)state;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(remote_memory_read(child, (uintptr_t)memory, &byte, 1), -ESRCH);
	assert_int_equal(remote_memory_write(child, (uintptr_t)memory, &byte, 1), -ESRCH);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, start_child, end_child)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_was_written_there_is_read_from_there),
		CASE(what_is_not_all_there_is_efault),
		CASE(process_that_has_ended_is_esrch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
