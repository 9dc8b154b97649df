/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes with command lines and names that are made up. The program of which they are
 * runs has a name of this test's own: nobody else's command line has it, not even that of
 * this test elsewhere.
 */
#include "at_work.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "cuda-checkpoint/contract.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PROGRAM	      "utility-@" /* '@' is the pid of this process */
#define PID	      4711
#define WORDS_MAX     20000
#define NAMES	      "TEST_AT_WORK_NAMES" /* what a started process is to be */

/* --- the processes -------------------------------------------------------------- */

static pid_t utility = -1;
static pid_t only_listed; /* the only process on the list of all; 0: each is */

struct dirent *__real_readdir(DIR *stream);
struct dirent *__wrap_readdir(DIR *stream);
struct dirent *__wrap_readdir(DIR *stream)
{
	struct dirent *entry;

	do
		entry = __real_readdir(stream);
	while (entry && only_listed && isdigit((unsigned char)entry->d_name[0]) &&
	       strtol(entry->d_name, NULL, 10) != only_listed);

	return entry;
}

static bool workers_have_ended; /* since they were listed */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	char its_own[64];

	snprintf(its_own, sizeof(its_own), "/proc/%d/comm", utility);
	if (workers_have_ended && strstr(path, "/comm") && strcmp(path, its_own) != 0) {
		errno = ENOENT;
		return NULL;
	}

	return __real_fopen(path, mode);
}

/* The workers of a run that has ended are ours to reap. */
static int become_reaper(void **state)
{
	(void)state;

	return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static int set_up(void **state)
{
	(void)state;
	utility = -1;
	only_listed = 0;
	workers_have_ended = false;

	return 0;
}

static int end_utility(void **state)
{
	(void)state;
	if (utility > 0)
		kill(utility, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;

	return 0;
}

/* "-": as it is. */
static void take_name(const char *name)
{
	if (strcmp(name, "-") != 0)
		prctl(PR_SET_NAME, name);
}

static _Noreturn void say_so_and_wait(void)
{
	if (write(STDOUT_FILENO, "", 1) == 1)
		for (;;)
			pause();
	_exit(1);
}

/*
 * What this program is when a test starts it again: a process of the first of the names,
 * with a worker of each other one. The workers end with it.
 */
static _Noreturn void be_utility(char *names)
{
	const char *name = strsep(&names, ",");
	const char *worker;
	pid_t pid = 0;

	while (pid >= 0 && (worker = strsep(&names, ","))) {
		pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			take_name(worker);
			say_so_and_wait();
		}
	}
	take_name(name);
	say_so_and_wait();
}

/* @text with the pid of this process for '@', if it is in there. */
static char *with_pid(const char *text)
{
	const size_t length = strcspn(text, "@");
	char *result = NULL;

	if (!text[length])
		result = strdup(text);
	else if (asprintf(&result, "%.*s%d%s", (int)length, text, getpid(),
			  text + length + 1) < 0)
		result = NULL;
	assert_non_null(result);

	return result;
}

static bool at_work(pid_t pid, const char *program)
{
	char *its_name autofree = with_pid(program);

	return at_work_on(pid, its_name);
}

static _Noreturn void become_utility(char *command, const char *names, int ready)
{
	static char *words[WORDS_MAX + 1];

	for (size_t i = 0; i < WORDS_MAX && command; i++)
		words[i] = strsep(&command, " ");
	if (setenv(NAMES, names, 1) == 0 && dup2(ready, STDOUT_FILENO) >= 0 &&
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
		execv("/proc/self/exe", words);
	_exit(1);
}

/*
 * Start a process with the words of @command, a blank between two, and with @names: its
 * own and those of its workers, a comma between two. '@' is the pid of this process.
 */
static void start(const char *command, const char *names)
{
	char *its_command autofree = with_pid(command);
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	utility = fork();
	assert_true(utility >= 0);
	if (utility == 0)
		become_utility(its_command, names, ready[1]);

	close(ready[1]);
	do
		assert_int_equal(read(ready[0], &byte, 1), 1);
	while ((names = strchr(names, ',')) && *names++);
	close(ready[0]);
}

struct play {
	const char *command;
	const char *names;
	bool at_work;
};

static void check(const struct play *plays, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		start(plays[i].command, plays[i].names);

		if (at_work(PID, "/somewhere/" PROGRAM) != plays[i].at_work)
			fail_msg("\"%s\" named \"%s\"", plays[i].command, plays[i].names);
		end_utility(NULL);
	}
}

/* --- command lines ---------------------------------------------------------------- */

static void nobody_is_at_work_before_and_after(void **state)
{
	(void)state;
	assert_false(at_work(PID, PROGRAM));

	start(PROGRAM " --action lock --pid 4711", "-");
	assert_true(at_work(PID, PROGRAM));
	assert_true(at_work(PID, "/bin/" PROGRAM));
	assert_false(at_work(PID, "other." PROGRAM));
	assert_false(at_work(utility, PROGRAM));

	end_utility(NULL);
	assert_false(at_work(PID, PROGRAM));
}

static void the_utility_with_the_pid_is_at_work_on_it(void **state)
{
	static const struct play plays[] = {
		{ "/usr/bin/" PROGRAM " --action checkpoint --pid 4711", "-", true },
		{ PROGRAM " --pid 4711 --action lock --timeout 5", "-", true },
		{ PROGRAM " --pid 1 --pid 4711 --pid 2", "-", true },
		{ PROGRAM " --pid --pid 4711", "-", true },
		{ "sh /usr/bin/" PROGRAM " --action lock --pid 4711", "-", true },
		{ "env A=B  nice " PROGRAM " --action lock --pid 4711", "-", true },
	};

	(void)state;
	check(plays, ARRAY_SIZE(plays));
}

static void nobody_else_is(void **state)
{
	static const struct play plays[] = {
		{ "another --action lock --pid 4711", "-", false },
		{ PROGRAM "2 --action lock --pid 4711", "-", false },
		{ "x" PROGRAM " --action lock --pid 4711", "-", false },
		{ PROGRAM "/x --action lock --pid 4711", "-", false },
		{ PROGRAM, "-", false },
		{ PROGRAM " --get-state --pid 4711", "-", false },
		{ PROGRAM " --pid 4711 --get-restore-tid", "-", false },
		{ PROGRAM " --action lock --pid", "-", false },
		{ PROGRAM " --action lock --pid 47110", "-", false },
		{ PROGRAM " --action lock --pid 14711", "-", false },
		{ PROGRAM " --action lock --pid 04711", "-", false },
		{ PROGRAM " --action lock --pid=4711", "-", false },
		{ PROGRAM " --action lock --pid  4711", "-", false },
		{ PROGRAM " --action lock --pid 1 4711", "-", false },
		{ PROGRAM " --action lock --timeout 4711 --pid 1", "-", false },
		{ PROGRAM " 4711 --pid", "-", false },
		{ PROGRAM " 4711", "-", false },
	};

	(void)state;
	check(plays, ARRAY_SIZE(plays));
}

static void start_with_pids(size_t count)
{
	char *command autofree = NULL;
	size_t size;
	FILE *file = open_memstream(&command, &size);

	assert_non_null(file);
	fprintf(file, "%s --action checkpoint", PROGRAM);
	for (size_t i = 1; i < count; i++)
		fprintf(file, " --pid %zu", 4200000 + i); /* more than the kernel has */
	fprintf(file, " --pid 4711");
	assert_int_equal(fclose(file), 0);
	start(command, "-");
}

static void last_of_very_many_pids_counts(void **state)
{
	static const size_t counts[] = { 200, 5000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		start_with_pids(counts[i]);

		assert_true(at_work(PID, PROGRAM));
		assert_true(at_work((pid_t)(4200000 + counts[i] - 1), PROGRAM));
		assert_false(at_work((pid_t)(4200000 + counts[i]), PROGRAM));
		end_utility(NULL);
	}
}

/* --- runs with several pids --------------------------------------------------------- */

#define BOTH PROGRAM " --action lock --pid 1 --pid 4711"

static void worker_is_at_work_on_its_pid_alone(void **state)
{
	static const struct play plays[] = {
		{ BOTH, CONTRACT_NAME_PREFIX "4711", true },
		{ BOTH, CONTRACT_NAME_PREFIX "1", false },
		{ BOTH, CONTRACT_NAME_PREFIX "47110", false },
		{ BOTH, CONTRACT_NAME_PREFIX "04711", false },
		{ BOTH, CONTRACT_NAME_PREFIX " 4711", false },
		{ BOTH, CONTRACT_NAME_PREFIX "471", false },
		/* What the command line does not name it is not at work on. */
		{ PROGRAM " --pid 1", CONTRACT_NAME_PREFIX "4711", false },
		{ "another --pid 4711", CONTRACT_NAME_PREFIX "4711", false },
	};

	(void)state;
	check(plays, ARRAY_SIZE(plays));
}

static void process_of_another_name_is_at_work_on_all_its_pids(void **state)
{
	static const struct play plays[] = {
		{ BOTH, "cuda-checkpoint", true },
		{ BOTH, "cuda-cp", true },
		{ BOTH, "Cuda-cp-1", true },
		{ BOTH, " cuda-cp-1", true },
		{ BOTH, "", true },
		{ BOTH, "\n\n", true },
	};

	(void)state;
	check(plays, ARRAY_SIZE(plays));
}

/* The kernel cuts it to that of 1234567, which is why no worker takes it. */
static void name_that_was_cut_is_not_that_of_the_longer_pid(void **state)
{
	(void)state;
	start(PROGRAM " --pid 1234567 --pid 12345678", CONTRACT_NAME_PREFIX "12345678");
	assert_false(at_work(12345678, PROGRAM));
	assert_true(at_work(1234567, PROGRAM));
	end_utility(NULL);

	start(PROGRAM " --pid 1 --pid 12345678", "-");
	assert_true(at_work(12345678, PROGRAM));
}

static void parent_is_at_work_on_all_its_pids_until_all_workers_are_there(void **state)
{
	static const struct play plays[] = {
		{ BOTH, "-", true },
		{ BOTH, "-," CONTRACT_NAME_PREFIX "1", true },
	};

	(void)state;
	check(plays, ARRAY_SIZE(plays));
}

static void parent_is_at_work_through_its_workers_alone_then(void **state)
{
	static const struct play plays[] = {
		{ BOTH, CONTRACT_NAME_PREFIX, false },
		{ BOTH, CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "1", false },
		{ BOTH, CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "47110", false },
		{ BOTH, CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "4711", true },
		{ BOTH,
		  CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "1," CONTRACT_NAME_PREFIX
				       "4711",
		  true },
		/* A worker in its first moment. */
		{ BOTH, CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "1,-", true },
		{ PROGRAM " --pid 1 --pid 2", CONTRACT_NAME_PREFIX ",-", false },
	};

	(void)state;
	check(plays, ARRAY_SIZE(plays));
}

/* It is found by its parent, which is on the list. */
static void worker_that_was_started_since_the_list_was_read_counts(void **state)
{
	static const struct {
		const char *names;
		bool at_work;
	} runs[] = {
		{ CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "1", false },
		{ CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "4711", true },
		{ CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "1," CONTRACT_NAME_PREFIX
				       "2," CONTRACT_NAME_PREFIX "4711",
		  true },
		{ CONTRACT_NAME_PREFIX ",-", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
		start(BOTH, runs[i].names);
		only_listed = utility;

		if (at_work(PID, PROGRAM) != runs[i].at_work)
			fail_msg("\"%s\"", runs[i].names);
		end_utility(NULL);
	}
}

static void worker_that_has_ended_meanwhile_does_not_count(void **state)
{
	(void)state;
	start(BOTH, CONTRACT_NAME_PREFIX "," CONTRACT_NAME_PREFIX "4711");
	only_listed = utility;
	assert_true(at_work(PID, PROGRAM));
	workers_have_ended = true;

	assert_false(at_work(PID, PROGRAM));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, end_utility)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nobody_is_at_work_before_and_after),
		CASE(the_utility_with_the_pid_is_at_work_on_it),
		CASE(nobody_else_is),
		CASE(last_of_very_many_pids_counts),
		CASE(worker_is_at_work_on_its_pid_alone),
		CASE(process_of_another_name_is_at_work_on_all_its_pids),
		CASE(name_that_was_cut_is_not_that_of_the_longer_pid),
		CASE(parent_is_at_work_on_all_its_pids_until_all_workers_are_there),
		CASE(parent_is_at_work_through_its_workers_alone_then),
		CASE(worker_that_was_started_since_the_list_was_read_counts),
		CASE(worker_that_has_ended_meanwhile_does_not_count),
	};
	char *names = getenv(NAMES);

	if (names)
		be_utility(names);

	return cmocka_run_group_tests(tests, become_reaper, NULL);
}
