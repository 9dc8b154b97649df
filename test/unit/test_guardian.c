/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guardian, as a real process beside a pretend CRIU that ends in many ways. What it
 * does to a process is done by a stand-in for cuda_process.c, and written down.
 */
#include "guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "clock.h"
#include "guardian_log.h"
#include "life.h"

#define PATIENCE_MS 5000
#define PROGRAM	    "/nowhere/a-utility-of-this-test"

/* What the stand-in does, in memory that the guardian shares. */
static struct {
	atomic_int brought; /* calls */
	atomic_int pid, goal;
	atomic_int failures; /* so many calls fail first */
} * world;

#define FOLDER "/tmp/test_guardian.XXXXXX"
static char folder[] = FOLDER;
static int folder_fd;
static pid_t debtor;

int cuda_process_bring(const struct tool *tool, struct cuda_process *process,
		       enum cuda_state goal)
{
	assert_string_equal(tool->program, PROGRAM);
	atomic_store(&world->pid, process->pid);
	atomic_store(&world->goal, (int)goal);
	atomic_fetch_add(&world->brought, 1);
	return atomic_fetch_sub(&world->failures, 1) > 0 ? -EIO : 0;
}

static void sleep_ms(long ms)
{
	usleep((useconds_t)ms * 1000);
}

static pid_t start_debtor(void)
{
	pid_t pid = fork();

	if (pid > 0)
		return pid;

	for (;;)
		pause();
}

static int begin(void **state)
{
	(void)state;

	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memcpy(folder, FOLDER, sizeof(folder));
	if (world == MAP_FAILED || !mkdtemp(folder))
		return -1;

	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	debtor = start_debtor();
	return folder_fd < 0 || debtor < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;

	kill(debtor, SIGKILL);
	while (wait(NULL) > 0)
		;
	unlinkat(folder_fd, GUARDIAN_LOG_FILE, 0);
	close(folder_fd);
	munmap(world, sizeof(*world));
	return rmdir(folder);
}

/* Be CRIU: owe the debtor @found, and then do @rest. */
static pid_t start_criu(enum cuda_state found, void (*rest)(struct guardian *))
{
	const struct tool tool = { .program = PROGRAM };
	struct cuda_process process = { .pid = debtor, .found = found };
	struct guardian guardian;
	pid_t pid = fork();

	if (pid != 0)
		return pid;

	setpgid(0, 0);
	guardian_init(&guardian, &tool, folder_fd);
	if (life_start(debtor, &process.start) || guardian_owe(&guardian, &process))
		_exit(1);
	rest(&guardian);
	_exit(0);
}

static void wait_for_signal(struct guardian *guardian)
{
	(void)guardian;
	for (;;)
		pause();
}

static void just_end(struct guardian *guardian)
{
	(void)guardian;
}

static void pay_and_end(struct guardian *guardian)
{
	guardian_pay(guardian, debtor);
}

static void kill_debtor_and_end(struct guardian *guardian)
{
	(void)guardian;
	kill(debtor, SIGKILL);
}

/* The test is the reaper of orphans: the guardian is its child in the end. */
static bool is_guardian(pid_t pid)
{
	char path[64], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (!fgets(name, sizeof(name), file))
			name[0] = '\0';
		fclose(file);
	}

	return strcmp(name, "cuda-guardian\n") == 0;
}

static pid_t find_guardian(void)
{
	FILE *children;
	pid_t found = 0;
	int pid;

	for (int64_t until = clock_ms() + PATIENCE_MS; !found && clock_ms() < until;) {
		children = fopen("/proc/thread-self/children", "re");
		while (children && !found && fscanf(children, "%d", &pid) == 1)
			found = is_guardian(pid) ? pid : 0;
		if (children)
			fclose(children);
		sleep_ms(5);
	}

	assert_int_not_equal(found, 0);
	return found;
}

/* Reap all but the debtor, guardian included. */
static void wait_for_end(void)
{
	int64_t until = clock_ms() + PATIENCE_MS;
	FILE *children;
	int pid, others;

	do {
		others = 0;
		children = fopen("/proc/thread-self/children", "re");
		while (children && fscanf(children, "%d", &pid) == 1)
			if (pid != debtor && waitpid(pid, NULL, WNOHANG) == 0)
				others++;
		if (children)
			fclose(children);
		sleep_ms(5);
	} while (others && clock_ms() < until);

	assert_int_equal(others, 0);
}

static bool has_log(void)
{
	return faccessat(folder_fd, GUARDIAN_LOG_FILE, F_OK, 0) == 0;
}

static void killed_criu_is_made_good(void **state)
{
	pid_t criu = start_criu(CUDA_LOCKED, wait_for_signal);

	(void)state;
	find_guardian();
	assert_int_equal(atomic_load(&world->brought), 0);

	kill(criu, SIGKILL);
	wait_for_end();

	assert_int_equal(atomic_load(&world->brought), 1);
	assert_int_equal(atomic_load(&world->pid), debtor);
	assert_int_equal(atomic_load(&world->goal), CUDA_LOCKED);
	assert_true(has_log());
}

static void criu_that_says_nothing_is_made_good(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, just_end);
	wait_for_end();

	assert_int_equal(atomic_load(&world->brought), 1);
	assert_int_equal(atomic_load(&world->goal), CUDA_RUNNING);
}

static void what_was_paid_is_not_touched(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, pay_and_end);
	wait_for_end();

	assert_int_equal(atomic_load(&world->brought), 0);
	assert_false(has_log());
}

static void process_that_criu_has_killed_is_owed_nothing(void **state)
{
	(void)state;

	start_criu(CUDA_RUNNING, kill_debtor_and_end);
	wait_for_end();

	assert_int_equal(atomic_load(&world->brought), 0);
	assert_false(has_log());
}

static void failure_is_tried_again(void **state)
{
	(void)state;
	atomic_store(&world->failures, 3);

	start_criu(CUDA_RUNNING, just_end);
	wait_for_end();

	assert_int_equal(atomic_load(&world->brought), 4);
}

static void utility_at_work_is_waited_for(void **state)
{
	char pid_word[16];
	pid_t criu, utility;

	(void)state;
	snprintf(pid_word, sizeof(pid_word), "%d", debtor);
	utility = fork();
	if (utility == 0) {
		execlp("tail", "a-utility-of-this-test", "-f", "/dev/null", "--pid",
		       pid_word, NULL);
		_exit(127);
	}

	criu = start_criu(CUDA_RUNNING, just_end);
	assert_int_equal(waitpid(criu, NULL, 0), criu);
	sleep_ms(500);
	assert_int_equal(atomic_load(&world->brought), 0);
	kill(utility, SIGKILL);
	wait_for_end();

	assert_int_equal(atomic_load(&world->brought), 1);
}

static void signals_to_the_group_of_criu_do_not_reach_it(void **state)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGKILL };
	pid_t criu = start_criu(CUDA_RUNNING, wait_for_signal);
	pid_t guardian = find_guardian();

	(void)state;
	assert_int_not_equal(getpgid(guardian), getpgid(criu));
	assert_int_not_equal(getsid(guardian), getsid(0));

	for (size_t i = 0; i < 3; i++)
		kill(guardian, signals[i]);
	for (size_t i = 0; i < 4; i++)
		kill(-criu, signals[i]);
	wait_for_end();

	assert_int_equal(atomic_load(&world->brought), 1);
}

/* CRIU may wait for any child: it must have none of ours. */
static void expect_no_child(struct guardian *guardian)
{
	(void)guardian;
	if (waitpid(-1, NULL, __WALL) != -1 || errno != ECHILD)
		_exit(2);
	guardian_pay(guardian, debtor);
}

static void guardian_is_no_child_of_criu(void **state)
{
	pid_t criu = start_criu(CUDA_RUNNING, expect_no_child);
	int status;

	(void)state;

	assert_int_equal(waitpid(criu, &status, 0), criu);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	wait_for_end();
}

static size_t count_descriptors(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	size_t count = 0;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fds = opendir(path);
	assert_non_null(fds);
	while ((entry = readdir(fds)))
		count += entry->d_name[0] != '.';
	closedir(fds);
	return count;
}

static void nothing_is_kept_open_but_the_folder(void **state)
{
	int of_criu = open("/dev/null", O_RDONLY);
	pid_t criu = start_criu(CUDA_RUNNING, wait_for_signal);
	pid_t guardian = find_guardian();

	(void)state;
	sleep_ms(50);

	assert_int_equal(count_descriptors(guardian), 4);

	close(of_criu);
	kill(criu, SIGKILL);
	wait_for_end();
}

static void paying_without_a_debt_starts_nothing(void **state)
{
	const struct tool tool = { .program = PROGRAM };
	struct guardian guardian;

	(void)state;

	guardian_init(&guardian, &tool, -1);
	guardian_pay(&guardian, debtor);
	guardian_release(&guardian);

	assert_int_equal(atomic_load(&world->brought), 0);
}

#define claim(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(killed_criu_is_made_good),
		claim(criu_that_says_nothing_is_made_good),
		claim(what_was_paid_is_not_touched),
		claim(process_that_criu_has_killed_is_owed_nothing),
		claim(failure_is_tried_again),
		claim(utility_at_work_is_waited_for),
		claim(signals_to_the_group_of_criu_do_not_reach_it),
		claim(guardian_is_no_child_of_criu),
		claim(nothing_is_kept_open_but_the_folder),
		claim(paying_without_a_debt_starts_nothing),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
