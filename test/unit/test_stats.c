/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The line for a dump or restore that is made up, byte for byte.
 */
#include "stats.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"

#define LINE_MAX_SIZE 4096
#define BEGAN_MS      5000000 /* on the clock that only goes forward */

/* --- time, and what fails ------------------------------------------------------------
 */

static int64_t now_us; /* since the beginning of the dump */

/* CLOCK_REALTIME shows 1795646798.123456789 at the beginning. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int64_t us = now_us;

	if (clock == CLOCK_REALTIME)
		us += 1795646798123456;
	else
		us += BEGAN_MS * INT64_C(1000);
	ret_time->tv_sec = us / 1000000;
	ret_time->tv_nsec = us % 1000000 * 1000 + 789;

	return 0;
}

static bool memory_is_short;
static size_t written_at_most;

FILE *__real_open_memstream(char **text, size_t *length);
FILE *__wrap_open_memstream(char **text, size_t *length);
FILE *__wrap_open_memstream(char **text, size_t *length)
{
	errno = ENOMEM;

	return memory_is_short ? NULL : __real_open_memstream(text, length);
}

static unsigned int writes;

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	writes++;

	return __real_write(fd, data, size < written_at_most ? size : written_at_most);
}

/* --- a file, and a session -------------------------------------------------------------
 */

static char directory[] = "/tmp/test_stats.XXXXXX";
static char path[sizeof(directory) + 16];

static struct stats stats;
static struct stats_summary summary;
static struct cuda_process processes[3];
static size_t count;

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/stats", directory);

	return 0;
}

static int remove_directory(void **state)
{
	(void)state;

	return rmdir(directory);
}

static int begin(void **state)
{
	(void)state;
	now_us = 0;
	memory_is_short = false;
	written_at_most = SIZE_MAX;
	writes = 0;
	memset(processes, 0, sizeof(processes));
	count = 0;
	summary = (struct stats_summary){
		.operation = "dump",
		.succeeded = true,
		.parallel = 8,
		.others = 100,
		.runs = 7,
	};
	stats_init(&stats);

	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);

	return 0;
}

/* From @begin_us to @end_us after the beginning. */
static void phase(enum stats_phase phase, int64_t begin_us, int64_t end_us)
{
	now_us = begin_us;
	stats_begin(&stats, phase);
	now_us = end_us;
	stats_end(&stats, phase);
}

static struct cuda_process *add(pid_t pid, enum cuda_state found, uint64_t bytes)
{
	struct cuda_process *process = &processes[count++];

	process->pid = pid;
	process->found = found;
	process->bytes = bytes;

	return process;
}

static void step(struct cuda_process *process, enum cuda_action action, int64_t began_ms,
		 unsigned int took_ms)
{
	process->steps[action] = (struct cuda_step){ .began_ms = BEGAN_MS + began_ms,
						     .took_ms = took_ms,
						     .is_done = true };
}

static int write_to(const char *file)
{
	struct cuda_process *const all[] = { &processes[0], &processes[1],
					     &processes[2] };

	return stats_write(&stats, file, &summary, all, count);
}

/* What the file has in it, in a static buffer. */
static const char *read_file(void)
{
	static char text[LINE_MAX_SIZE];
	FILE *file autofclose = fopen(path, "re");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';

	return text;
}

static void assert_line(const char *expected)
{
	assert_int_equal(write_to(path), 0);

	assert_string_equal(read_file(), expected);
}

/* --- the line
 * ----------------------------------------------------------------------------- */

#define HEAD                                                       \
	"{\"format\":1,\"operation\":\"dump\",\"succeeded\":true," \
	"\"began\":1795646798.123,\"parallel\":8,\"others\":100,\"runs\":7,"

static const char whole_dump[] =
	HEAD "\"phases\":{"
	     "\"find\":{\"begin_ms\":0.012,\"ms\":3.250},"
	     "\"lock\":{\"begin_ms\":3.300,\"ms\":46.700},"
	     "\"checkpoint\":{\"begin_ms\":50.000,\"ms\":1000.001}},"
	     "\"processes\":["
	     "{\"pid\":11,\"found\":\"running\",\"bytes\":1073741824,"
	     "\"lock\":{\"begin_ms\":3.000,\"ms\":3,\"tries\":2},"
	     "\"checkpoint\":{\"begin_ms\":50.000,\"ms\":900},"
	     "\"write\":{\"begin_ms\":951.000,\"ms\":5},"
	     "\"fill\":{\"begin_ms\":957.000,\"ms\":2}},"
	     "{\"pid\":12,\"found\":\"locked\",\"bytes\":0,"
	     "\"checkpoint\":{\"begin_ms\":51.000,\"ms\":999}},"
	     "{\"pid\":4194304,\"found\":\"checkpointed\",\"bytes\":null}]}\n";

static void make_whole_dump(void)
{
	struct cuda_process *process;

	phase(STATS_FIND, 12, 3262);
	phase(STATS_LOCK, 3300, 50000);
	phase(STATS_CHECKPOINT, 50000, 1050001);
	process = add(11, CUDA_RUNNING, 1073741824);
	step(process, CUDA_LOCK, 3, 3);
	process->lock_tries = 2;
	step(process, CUDA_CHECKPOINT, 50, 900);
	process->written = (struct cuda_step){ BEGAN_MS + 951, 5, true };
	process->filled = (struct cuda_step){ BEGAN_MS + 957, 2, true };
	process = add(12, CUDA_LOCKED, 0);
	step(process, CUDA_CHECKPOINT, 51, 999);
	add(4194304, CUDA_CHECKPOINTED, MEMORY_UNKNOWN);
}

static void line_of_a_dump_has_it_all(void **state)
{
	(void)state;
	make_whole_dump();

	assert_line(whole_dump);
}

static void line_of_a_restore_finds_all_checkpointed(void **state)
{
	struct cuda_process *process;

	(void)state;
	summary = (struct stats_summary){ .operation = "restore", .parallel = 1 };
	phase(STATS_FIND, 0, 1);
	phase(STATS_RESTORE, 1000, 61000000);
	process = add(11, CUDA_RUNNING, MEMORY_UNKNOWN);
	process->is_expendable = true;
	step(process, CUDA_RESTORE, 1, 60000);
	step(process, CUDA_UNLOCK, 60001, 0);

	assert_line(
		"{\"format\":1,\"operation\":\"restore\",\"succeeded\":false,"
		"\"began\":1795646798.123,\"parallel\":1,\"others\":0,\"runs\":0,"
		"\"phases\":{\"find\":{\"begin_ms\":0.000,\"ms\":0.001},"
		"\"restore\":{\"begin_ms\":1.000,\"ms\":60999.000}},"
		"\"processes\":[{\"pid\":11,\"found\":\"checkpointed\",\"bytes\":null,"
		"\"restore\":{\"begin_ms\":1.000,\"ms\":60000},"
		"\"unlock\":{\"begin_ms\":60001.000,\"ms\":0}}]}\n");
}

static void line_of_nothing_has_no_phase_and_no_process(void **state)
{
	(void)state;
	assert_line(HEAD "\"phases\":{},\"processes\":[]}\n");
}

static void phase_that_did_not_end_is_left_out(void **state)
{
	(void)state;
	now_us = 500;
	stats_begin(&stats, STATS_FIND);
	phase(STATS_LOCK, 1000, 2000);
	stats_begin(&stats, STATS_CHECKPOINT);

	assert_line(HEAD "\"phases\":{\"lock\":{\"begin_ms\":1.000,\"ms\":1.000}},"
			 "\"processes\":[]}\n");
}

static void of_a_phase_the_first_beginning_and_the_last_end_count(void **state)
{
	(void)state;
	phase(STATS_FIND, 1000, 2000);
	phase(STATS_LOCK, 2500, 3000);
	phase(STATS_FIND, 4000, 9000);

	assert_line(HEAD "\"phases\":{\"find\":{\"begin_ms\":1.000,\"ms\":8.000},"
			 "\"lock\":{\"begin_ms\":2.500,\"ms\":0.500}},"
			 "\"processes\":[]}\n");
}

/* Its time is in whole milliseconds: it may seem to have begun before. */
static void action_in_the_first_millisecond_does_not_begin_before_it(void **state)
{
	(void)state;
	now_us = 999;
	stats_init(&stats);
	step(add(7, CUDA_RUNNING, 1), CUDA_LOCK, 0, 1);

	assert_line(
		"{\"format\":1,\"operation\":\"dump\",\"succeeded\":true,"
		"\"began\":1795646798.124,\"parallel\":8,\"others\":100,\"runs\":7,"
		"\"phases\":{},\"processes\":[{\"pid\":7,\"found\":\"running\","
		"\"bytes\":1,\"lock\":{\"begin_ms\":0.000,\"ms\":1,\"tries\":0}}]}\n");
}

static void greatest_numbers_are_whole(void **state)
{
	struct cuda_process *process;

	(void)state;
	summary.runs = UINT32_MAX;
	summary.others = SIZE_MAX;
	process = add(INT32_MAX, CUDA_RUNNING, MEMORY_UNKNOWN - 1);
	step(process, CUDA_CHECKPOINT, INT64_C(86400000) * 365, UINT32_MAX);

	assert_line(
		"{\"format\":1,\"operation\":\"dump\",\"succeeded\":true,"
		"\"began\":1795646798.123,\"parallel\":8,"
		"\"others\":18446744073709551615,\"runs\":4294967295,"
		"\"phases\":{},\"processes\":[{\"pid\":2147483647,"
		"\"found\":\"running\",\"bytes\":18446744073709551614,"
		"\"checkpoint\":{\"begin_ms\":31536000000.000,\"ms\":4294967295}}]}\n");
}

/* Another reads it than the one that wrote it. */
static void line_is_valid_json(void **state)
{
	char command[sizeof(path) + 64];

	(void)state;
	if (system("command -v python3 >/dev/null") != 0)
		skip();

	make_whole_dump();
	assert_int_equal(write_to(path), 0);
	snprintf(command, sizeof(command), "python3 -m json.tool %s >/dev/null", path);

	assert_int_equal(system(command), 0);
}

/* --- the file
 * ------------------------------------------------------------------------------ */

static void line_is_added_to_those_that_are_there_by_one_write(void **state)
{
	struct stat file;
	mode_t mask;

	(void)state;
	mask = umask(022);
	assert_line(HEAD "\"phases\":{},\"processes\":[]}\n");
	umask(mask);
	assert_int_equal(writes, 1);
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0644);
	summary.succeeded = false;

	assert_line(HEAD "\"phases\":{},\"processes\":[]}\n"
			 "{\"format\":1,\"operation\":\"dump\",\"succeeded\":false,"
			 "\"began\":1795646798.123,\"parallel\":8,\"others\":100,"
			 "\"runs\":7,\"phases\":{},\"processes\":[]}\n");
	assert_int_equal(writes, 2);
}

static void file_that_cannot_be_written_says_why(void **state)
{
	(void)state;
	assert_int_equal(write_to("/nowhere/stats"), -ENOENT);
	assert_int_equal(write_to(directory), -EISDIR);
	assert_int_equal(write_to(""), -ENOENT);
	assert_int_equal(write_to("/dev/full"), -ENOSPC);
}

/* The last part of it finds no room. */
static void line_that_is_cut_is_an_error(void **state)
{
	(void)state;
	written_at_most = 10;

	assert_int_equal(write_to(path), -ENOSPC);

	assert_string_equal(read_file(), "{\"format\":");
}

static void without_memory_nothing_is_written(void **state)
{
	(void)state;
	memory_is_short = true;

	assert_int_equal(write_to(path), -ENOMEM);

	assert_int_equal(access(path, F_OK), -1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(line_of_a_dump_has_it_all),
		CASE(line_of_a_restore_finds_all_checkpointed),
		CASE(line_of_nothing_has_no_phase_and_no_process),
		CASE(phase_that_did_not_end_is_left_out),
		CASE(of_a_phase_the_first_beginning_and_the_last_end_count),
		CASE(action_in_the_first_millisecond_does_not_begin_before_it),
		CASE(greatest_numbers_are_whole),
		CASE(line_is_valid_json),
		CASE(line_is_added_to_those_that_are_there_by_one_write),
		CASE(file_that_cannot_be_written_says_why),
		CASE(line_that_is_cut_is_an_error),
		CASE(without_memory_nothing_is_written),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
