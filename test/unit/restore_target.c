/* SPDX-License-Identifier: GPL-2.0-only */
#include "restore_target.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "fake_log.h"

#define PATIENCE_MS 10000

struct shared *shared;
unsigned long count_before[THREADS];
pid_t target;
static void (*restore_body)(void);

/* --- in the process ------------------------------------------------------------ */

static void count_signal(int signo)
{
	if (signo == SIGUSR1)
		shared->usr1++;
	else if (signo == SIGUSR2)
		shared->usr2++;
	else if (signo == SIGTRAP)
		shared->trap++;
	else
		shared->realtime++;
}

void note_mask(void)
{
	uint64_t mask;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof(mask));
	shared->blocked = mask;
}

static void count_up(int thread)
{
	while (!(thread == RESTORE && shared->leave)) {
		if (thread == RESTORE)
			note_mask();
		shared->count[thread]++;
		usleep(500);
	}
}

void body_count(void)
{
	count_up(RESTORE);
}

static void begin(int thread)
{
	shared->tids[thread] = (int)syscall(SYS_gettid);
	shared->ready++;
}

static void *restore_main(void *unused)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGRTMAX);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	begin(RESTORE);
	restore_body();

	return unused;
}

static void *other_main(void *unused)
{
	begin(2);
	count_up(2);

	return unused;
}

static void target_main(bool handles_trap)
{
	const struct sigaction count = { .sa_handler = count_signal };
	pthread_t thread;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGUSR1, &count, NULL);
	sigaction(SIGUSR2, &count, NULL);
	sigaction(SIGRTMIN, &count, NULL);
	if (handles_trap)
		sigaction(SIGTRAP, &count, NULL);
	if (pthread_create(&thread, NULL, restore_main, NULL) ||
	    pthread_create(&thread, NULL, other_main, NULL))
		_exit(1);
	begin(0);
	count_up(0);
}

/* --- held by ptrace ------------------------------------------------------------ */

/* Not what a test puts in place of ptrace(). */
static long trace(long request, pid_t tid, void *address, void *data)
{
	return syscall(SYS_ptrace, request, tid, address, data);
}

void await(bool (*claim)(void))
{
	int64_t end = clock_ms() + PATIENCE_MS;

	while (!claim() && clock_ms() < end)
		usleep(1000);
	assert_true(claim());
}

static bool all_ready(void)
{
	return shared->ready == THREADS;
}

pid_t restore_tid(void)
{
	return shared->tids[RESTORE];
}

/* As CRIU does it. */
static void seize(pid_t tid)
{
	int status;

	assert_int_equal(trace(PTRACE_SEIZE, tid, NULL, NULL), 0);
	assert_int_equal(trace(PTRACE_INTERRUPT, tid, NULL, NULL), 0);
	assert_int_equal(waitpid(tid, &status, __WALL), tid);
	assert_int_equal(status >> 16, PTRACE_EVENT_STOP);
	assert_int_equal(
		trace(PTRACE_SETOPTIONS, tid, NULL, (void *)PTRACE_O_TRACESYSGOOD), 0);
}

void seize_all(void)
{
	for (int i = 0; i < THREADS; i++)
		seize(shared->tids[i]);
}

void start_target(void (*body)(void), bool handles_trap)
{
	memset(shared, 0, sizeof(*shared));
	restore_body = body;
	target = fork();
	assert_true(target >= 0);
	if (target == 0) {
		target_main(handles_trap);
		_exit(0);
	}

	await(all_ready);
	usleep(A_WHILE_US); /* into the system call */
	seize_all();
}

void detach_all(void)
{
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(trace(PTRACE_DETACH, shared->tids[i], NULL, NULL), 0);
}

int no_target_yet(void **state)
{
	(void)state;
	fake_log_reset();
	target = -1;

	return 0;
}

int end_target(void **state)
{
	(void)state;
	if (target > 0)
		kill(target, SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;

	return 0;
}

int map_shared(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return shared == MAP_FAILED ? -1 : 0;
}

/* --- what can be seen of it ------------------------------------------------------ */

uint64_t mask_of(pid_t tid)
{
	uint64_t mask = 0;

	assert_int_equal(trace(PTRACE_GETSIGMASK, tid, (void *)sizeof(mask), &mask), 0);
	return mask;
}

void read_status(pid_t tid, const char *key, char *value, size_t size)
{
	char path[64], line[256];
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	status = fopen(path, "re");
	assert_non_null(status);
	value[0] = '\0';
	while (fgets(line, sizeof(line), status)) {
		if (strncmp(line, key, strlen(key)) == 0)
			snprintf(value, size, "%s", line + strlen(key) + 1);
	}
	fclose(status);
}

char state_of(pid_t tid)
{
	char value[64];

	read_status(tid, "State:", value, sizeof(value));
	return value[0];
}

void assert_held(pid_t tid)
{
	int status;

	assert_int_equal(waitpid(tid, &status, __WALL | WNOHANG), 0);
	assert_int_equal(state_of(tid), 't');
}

void assert_next_stop_is_a_system_call(pid_t tid)
{
	int status;

	do {
		assert_int_equal(trace(PTRACE_SYSCALL, tid, NULL, NULL), 0);
		assert_int_equal(waitpid(tid, &status, __WALL), tid);
		assert_true(WIFSTOPPED(status));
	} while (status >> 8 == SIGCONT); /* the signal itself, which was blocked */

	assert_int_equal(status >> 8, SIGTRAP | 0x80);
}

void note_counts(void)
{
	for (int i = 0; i < THREADS; i++)
		count_before[i] = shared->count[i];
}

bool restore_thread_went_on(void)
{
	return shared->count[RESTORE] > count_before[RESTORE] + 10;
}
