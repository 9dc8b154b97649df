/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What makes a process one that CUDA may be in: a mapping of libcuda.
 */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "proc_child.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MAPPINGS      50000

/* --- a folder for files to map ------------------------------------------------- */

static char directory[] = "/tmp/test_proc.XXXXXX";

static int make_directory(void **state)
{
	(void)state;

	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;

	return chdir("/") == 0 ? rmdir(directory) : -1;
}

/* --- kernels, new and old -------------------------------------------------------- */

/* How often the kernel can be asked for a mapping, and what it says then. */
static unsigned int answers = UINT_MAX;
static int no_answer = ENOTTY;

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	if (answers == UINT_MAX || answers-- > 0)
		return __real_ioctl(fd, request, argument);
	answers = 0;
	errno = no_answer;

	return -1;
}

static void let_kernel_answer(unsigned int times, int then)
{
	answers = times;
	no_answer = then;
}

/* --- proc_maps_libcuda ---------------------------------------------------------- */

static void *map_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *memory;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)PAGE), 0);
	memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	close(fd);

	return memory;
}

static const struct {
	const char *folder; /* NULL: none */
	const char *name;
	bool deleted;
	bool maps;
} files[] = {
	{ NULL, "libcuda.so.1", false, true },
	{ NULL, "libcuda.so.1.1", false, true },
	{ NULL, "libcuda.so.580.159.04", false, true },
	{ NULL, "libcuda.so.1", true, true },
	{ NULL, "libcuda.so.580.159.04", true, true },
	{ "a folder with spaces", "libcuda.so.1", false, true },
	{ "a folder\nof two lines", "libcuda.so.1", false, true },
	{ "a folder\nof two lines", "libcuda.so.1", true, true },
	{ "libcudart.so.1", "libcuda.so.1", false, true },
	{ NULL, "libcuda.so", false, false },
	{ NULL, "notlibcuda.so.1", false, false },
	{ NULL, "libcudart.so.1", false, false },
	{ NULL, "libcudart.so.12", true, false },
	{ NULL, "libcuda-so.1", false, false },
	{ NULL, " libcuda.so.1", false, false },
	{ NULL, "\nlibcuda.so.1", false, false },
	{ "libcuda.so.1", "other", false, false },
	{ "libcuda.so.580.1", "libcudart.so.12", true, false },
};

static void check_files(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		bool maps = !files[i].maps;
		char path[128];
		void *memory;

		snprintf(path, sizeof(path), "%s/%s",
			 files[i].folder ? files[i].folder : ".", files[i].name);
		if (files[i].folder)
			assert_int_equal(mkdir(files[i].folder, 0700), 0);
		memory = map_file(path);
		if (files[i].deleted)
			unlink(path);

		assert_int_equal(proc_maps_libcuda(getpid(), &maps), 0);

		unlink(path);
		munmap(memory, PAGE);
		if (files[i].folder)
			rmdir(files[i].folder);
		if (maps != files[i].maps)
			fail_msg("\"%s\": %d", path, maps);
	}
}

static void only_a_file_named_libcuda_counts(void **state)
{
	(void)state;
	check_files();
}

static void same_files_count_where_the_kernel_cannot_be_asked(void **state)
{
	(void)state;
	let_kernel_answer(0, ENOTTY);
	check_files();
}

/* A path that is too long for the answer, say. */
static void same_files_count_where_an_answer_fails(void **state)
{
	(void)state;
	for (unsigned int times = 1; times < 4; times++) {
		let_kernel_answer(times, ENAMETOOLONG);
		check_files();
	}
}

static void map_libcuda_and_delete_it(void)
{
	map_file("libcuda.so.580.1");
	unlink("libcuda.so.580.1");
}

static void mapping_of_another_process_is_seen_and_not_taken_for_ours(void **state)
{
	bool theirs = false, ours = true;

	(void)state;
	start_child(map_libcuda_and_delete_it);

	assert_int_equal(proc_maps_libcuda(child, &theirs), 0);
	assert_int_equal(proc_maps_libcuda(getpid(), &ours), 0);

	assert_true(theirs);
	assert_false(ours);
}

/* Neighbours of different protection stay apart. */
static void map_very_much(void)
{
	char *memory = mmap(NULL, MAPPINGS * PAGE, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	for (size_t i = 0; i < MAPPINGS; i += 2) {
		if (mprotect(memory + i * PAGE, PAGE, PROT_NONE) < 0)
			_exit(1);
	}
}

static void look_through(const char *how)
{
	int64_t start = clock_ms();
	bool maps = true;

	assert_int_equal(proc_maps_libcuda(child, &maps), 0);

	print_message("%d mappings, %s: %d ms\n", MAPPINGS, how,
		      (int)(clock_ms() - start));
	assert_false(maps);
}

static void process_with_50000_mappings_is_gone_through_to_the_end(void **state)
{
	(void)state;
	start_child(map_very_much);

	look_through("asked for");
	let_kernel_answer(0, ENOTTY);
	look_through("read");
}

/* What is mapped later lies lower. */
static void map_libcuda_behind_very_much(void)
{
	map_file("libcuda.so.1");
	map_very_much();
	unlink("libcuda.so.1");
}

static void libcuda_is_found_behind_very_many_mappings(void **state)
{
	(void)state;
	start_child(map_libcuda_behind_very_much);

	for (unsigned int times = 0; times < 2; times++) {
		bool maps = false;

		let_kernel_answer(times ? 0 : UINT_MAX, ENOTTY);
		assert_int_equal(proc_maps_libcuda(child, &maps), 0);
		assert_true(maps);
	}
}

static int set_up(void **state)
{
	let_kernel_answer(UINT_MAX, ENOTTY);

	return no_child_yet(state);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, end_child)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_a_file_named_libcuda_counts),
		CASE(same_files_count_where_the_kernel_cannot_be_asked),
		CASE(same_files_count_where_an_answer_fails),
		CASE(mapping_of_another_process_is_seen_and_not_taken_for_ours),
		CASE(process_with_50000_mappings_is_gone_through_to_the_end),
		CASE(libcuda_is_found_behind_very_many_mappings),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
