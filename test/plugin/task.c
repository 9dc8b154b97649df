/* SPDX-License-Identifier: GPL-2.0-only */
#include "task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS	    4
#define STEP_US	    1000
#define PATIENCE_MS 5000
#define STAND_MS    50
#define PAGE	    4096
#define PROC_PATH   64

static struct task_counts *counts; /* of this process, once it is the task */

static void die(const char *what)
{
	perror(what);
	abort();
}

/* ---- the process ---- */

static _Noreturn void count_for_ever(int number)
{
	counts->tid[number] = gettid();
	for (;;) {
		__atomic_add_fetch(&counts->count[number], 1, __ATOMIC_RELAXED);
		usleep(STEP_US);
	}
}

static void *restore_thread(void *name)
{
	sigset_t some;

	prctl(PR_SET_NAME, name);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigaddset(&some, SIGRTMAX);
	pthread_sigmask(SIG_BLOCK, &some, NULL);
	count_for_ever(TASK_RESTORE_THREAD);
	return NULL;
}

static void *other_thread(void *number)
{
	count_for_ever((int)(long)number);
	return NULL;
}

static void map_libcuda(const char *folder)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/libcuda.so.1", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, PAGE) < 0 ||
	    mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		die("map libcuda.so.1");
	close(fd);
}

static _Noreturn void be_the_task(enum task_library library, const char *folder)
{
	static const char *const names[] = {
		[TASK_WITHOUT_LIBCUDA] = "worker",
		[TASK_WITH_LIBCUDA] = "worker",
		[TASK_WITH_CUDA] = "cuda00001400006",
		[TASK_WITH_OTHER_CUDA] = "cuda1400006",
	};
	pthread_t thread;

	signal(SIGALRM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (library != TASK_WITHOUT_LIBCUDA)
		map_libcuda(folder);

	if (pthread_create(&thread, NULL, restore_thread, (void *)names[library]) != 0)
		die("pthread_create");
	for (long i = TASK_RESTORE_THREAD + 1; i < THREADS; i++)
		if (pthread_create(&thread, NULL, other_thread, (void *)i) != 0)
			die("pthread_create");
	count_for_ever(0);
}

void task_start(struct task *task, enum task_library library, const char *folder)
{
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		die("mmap");
	counts->threads = THREADS;

	task->counts = counts;
	task->pid = fork();
	if (task->pid < 0)
		die("fork");
	if (task->pid == 0)
		be_the_task(library, folder);
	if (!task_goes_on(task))
		die("the task does not count");
}

pid_t task_restore_tid(const struct task *task)
{
	return task->counts->tid[TASK_RESTORE_THREAD];
}

bool task_has_thread(const struct task *task, pid_t tid)
{
	for (int i = 0; task->counts && i < task->counts->threads; i++)
		if (task->counts->tid[i] == tid)
			return true;

	return tid == task->pid;
}

static unsigned long count_of(const struct task *task, int thread)
{
	return __atomic_load_n(&task->counts->count[thread], __ATOMIC_RELAXED);
}

bool task_goes_on(const struct task *task)
{
	for (int i = 0; i < task->counts->threads; i++) {
		const unsigned long before = count_of(task, i);

		for (int ms = 0; count_of(task, i) < before + 2; ms++) {
			if (ms == PATIENCE_MS)
				return false;
			usleep(1000);
		}
	}

	return true;
}

static unsigned long count_of_all(const struct task *task)
{
	unsigned long sum = 0;

	for (int i = 0; i < task->counts->threads; i++)
		sum += count_of(task, i);

	return sum;
}

bool task_stands_still(const struct task *task)
{
	unsigned long before, now = count_of_all(task);
	int ms = 0;

	/* It may take a moment until the last thread has stopped. */
	do {
		before = now;
		usleep(STAND_MS * 1000);
		now = count_of_all(task);
		ms += STAND_MS;
	} while (now != before && ms < PATIENCE_MS);

	return now == before;
}

int task_killed_by(const struct task *task)
{
	siginfo_t info = { 0 };

	for (int ms = 0; ms < PATIENCE_MS; ms++) {
		if (waitid(P_PID, (id_t)task->pid, &info, WEXITED | WNOHANG | WNOWAIT) <
		    0)
			return 0;
		if (info.si_pid == task->pid)
			return info.si_code == CLD_KILLED ? info.si_status : 0;
		usleep(1000);
	}

	return 0;
}

void task_end(struct task *task)
{
	if (task->pid <= 0)
		return;

	kill(task->pid, SIGKILL);
	waitpid(task->pid, NULL, 0);
	if (task->counts)
		munmap(task->counts, sizeof(*task->counts));
	*task = (struct task){ 0 };
}

/* ---- as CRIU handles it ---- */

typedef bool (*thread_function)(const struct task *task, pid_t tid, void *argument);

/* The leader comes first. Return: false as soon as @function does. */
static bool for_each_thread(const struct task *task, thread_function function,
			    void *argument)
{
	char path[PROC_PATH];
	const struct dirent *entry;
	bool good = function(task, task->pid, argument);
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", task->pid);
	tasks = opendir(path);
	while (tasks && good && (entry = readdir(tasks))) {
		const pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && tid != task->pid)
			good = function(task, tid, argument);
	}
	if (tasks)
		closedir(tasks);

	return good;
}

static bool seize(const struct task *task, pid_t tid, void *unused)
{
	int status;

	(void)task;
	(void)unused;
	if (ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACESYSGOOD) < 0 ||
	    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0 ||
	    waitpid(tid, &status, __WALL) != tid || !WIFSTOPPED(status))
		die("seize");

	return true;
}

void task_seize(const struct task *task)
{
	for_each_thread(task, seize, NULL);
}

static bool detach(const struct task *task, pid_t tid, void *unused)
{
	(void)task;
	(void)unused;
	return ptrace(PTRACE_DETACH, tid, NULL, NULL) == 0;
}

bool task_detach(const struct task *task)
{
	return for_each_thread(task, detach, NULL);
}

struct text {
	char *at;
	size_t room;
};

static bool describe(const struct task *task, pid_t tid, void *argument)
{
	struct text *text = (struct text *)argument;
	char path[PROC_PATH], line[256];
	FILE *status;

	(void)task;
	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		int length;

		if (strncmp(line, "Pid:", 4) != 0 && strncmp(line, "State:", 6) != 0 &&
		    strncmp(line, "TracerPid:", 10) != 0 &&
		    strncmp(line, "SigBlk:", 7) != 0 && strncmp(line, "SigPnd:", 7) != 0)
			continue;
		length = snprintf(text->at, text->room, "%s", line);
		if (length < 0 || (size_t)length >= text->room)
			die("a snapshot is too long");
		text->at += length;
		text->room -= (size_t)length;
	}
	if (status)
		fclose(status);

	return true;
}

void task_snapshot(const struct task *task, char *text, size_t size)
{
	struct text rest = { .at = text, .room = size };

	text[0] = '\0';
	for_each_thread(task, describe, &rest);
}
