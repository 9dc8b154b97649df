/* SPDX-License-Identifier: GPL-2.0-only */
#include "guardian_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "climb.h"
#include "clock.h"
#include "guardian_log.h"
#include "life.h"

#define FOLDER "/tmp/test_guardian.XXXXXX"

struct guardian_world *guardian_world;
pid_t debtor;

static char folder[] = FOLDER;
static int folder_fd;

static char state_of(pid_t pid)
{
	char path[64], line[256], state = '?';
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (file && fgets(line, sizeof(line), file))
		state = strrchr(line, ')')[2];
	if (file)
		fclose(file);

	return state;
}

int offload_find(const struct offload *offload, struct cuda_process *const processes[],
		 size_t count)
{
	(void)offload;
	assert_int_equal(count, 1);
	if (!atomic_load(&guardian_world->is_marked))
		return 0;

	processes[0]->is_offloaded = true;
	processes[0]->buffer.bytes = DROPPED;
	return 0;
}

int offload_take_image(const struct offload *offload, struct cuda_process *process,
		       int fd)
{
	char text[sizeof(IMAGE)] = "";

	(void)offload;
	if (pread(fd, text, sizeof(text), 0) < 0 || strcmp(text, IMAGE) != 0)
		return -EBADMSG;

	process->image = (struct memory_image *)guardian_world;
	return 0;
}

void offload_close(struct cuda_process *const processes[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		processes[i]->image = NULL;
}

int climb_to(const struct tool *tool, struct cuda_process *const processes[],
	     size_t count, enum cuda_state goal)
{
	const struct cuda_process *process = processes[0];

	assert_int_equal(count, 1);
	assert_string_equal(tool->program, PROGRAM);
	usleep((useconds_t)atomic_load(&guardian_world->takes_ms) * 1000);
	atomic_store(&guardian_world->state, state_of(process->pid));
	atomic_store(&guardian_world->offloaded,
		     process->is_offloaded ? process->buffer.bytes : 0);
	atomic_store(&guardian_world->has_image, process->image != NULL);
	atomic_store(&guardian_world->writes_images, tool->offload->is_wanted);
	atomic_store(&guardian_world->image_dir, tool->offload->images.dirfd);
	atomic_store(&guardian_world->threads, tool->offload->images.threads);
	atomic_store(&guardian_world->pid, process->pid);
	atomic_store(&guardian_world->goal, (int)goal);
	atomic_fetch_add(&guardian_world->brought, 1);
	return atomic_fetch_sub(&guardian_world->failures, 1) > 0 ? -EIO : 0;
}

void sleep_ms(long ms)
{
	usleep((useconds_t)ms * 1000);
}

pid_t start_debtor(void)
{
	pid_t pid = fork();

	if (pid > 0)
		return pid;

	for (;;)
		pause();
}

static void *restore_thread(void *unused)
{
	prctl(PR_SET_NAME, "cuda00001400006");
	for (;;)
		pause();

	return unused;
}

/* As in one checkpoint after the other. */
static void *mapping_thread(void *unused)
{
	prctl(PR_SET_NAME, "cuda00001400006");
	for (;;) {
		char *buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (buffer == MAP_FAILED || !buffer)
			return unused;
		buffer[BUFFER_BYTES - 1]++;
		if (munmap(buffer, BUFFER_BYTES) < 0)
			return unused;
		atomic_fetch_add(&guardian_world->buffers, 1);
	}
}

static void count(void *(*restore_body)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, restore_body, NULL);
	for (;;) {
		atomic_fetch_add(&guardian_world->counts, 1);
		sleep_ms(1);
	}
}

static void use_debtor_with(void *(*restore_body)(void *))
{
	kill(debtor, SIGKILL);
	waitpid(debtor, NULL, 0);
	debtor = fork();
	if (debtor == 0)
		count(restore_body);
	while (atomic_load(&guardian_world->counts) < 20)
		sleep_ms(1);
}

void use_cuda_debtor(void)
{
	use_debtor_with(restore_thread);
}

void use_mapping_debtor(void)
{
	use_debtor_with(mapping_thread);
}

int begin_guardian_world(void **state)
{
	(void)state;

	guardian_world = mmap(NULL, sizeof(*guardian_world), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memcpy(folder, FOLDER, sizeof(folder));
	if (guardian_world == MAP_FAILED || !mkdtemp(folder))
		return -1;

	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	debtor = start_debtor();
	return folder_fd < 0 || debtor < 0 ? -1 : 0;
}

int end_guardian_world(void **state)
{
	(void)state;

	kill(debtor, SIGKILL);
	while (wait(NULL) > 0)
		;
	unlinkat(folder_fd, GUARDIAN_LOG_FILE, 0);
	close(folder_fd);
	munmap(guardian_world, sizeof(*guardian_world));
	return rmdir(folder);
}

/* Be CRIU: owe the debtor @found, and then do @rest. */
pid_t start_criu(enum cuda_state found, void (*rest)(struct guardian *))
{
	const struct offload offload = { .images = { .threads = THREADS },
					 .is_wanted = true };
	const struct tool tool = { .program = PROGRAM, .offload = &offload };
	struct cuda_process process = { .pid = debtor, .found = found };
	struct guardian guardian;
	pid_t pid = fork();

	if (pid != 0)
		return pid;

	setpgid(0, 0);
	guardian_init(&guardian, &tool, folder_fd);
	if (life_start(debtor, &process.start) || guardian_owe(&guardian, &process))
		_exit(1);
	guardian_freeze(&guardian, debtor);
	rest(&guardian);
	_exit(0);
}

/* The same for two, and end. */
void start_criu_with_two(pid_t second)
{
	const struct tool tool = { .program = PROGRAM };
	struct cuda_process processes[] = { { .pid = debtor }, { .pid = second } };
	struct guardian guardian;

	if (fork() != 0)
		return;

	guardian_init(&guardian, &tool, folder_fd);
	for (size_t i = 0; i < 2; i++)
		if (life_start(processes[i].pid, &processes[i].start) ||
		    guardian_owe(&guardian, &processes[i]))
			_exit(1);
	_exit(0);
}

void drop_memory_and_end(struct guardian *guardian)
{
	const struct host_buffer buffer = { .bytes = DROPPED };

	ledger_note_offloaded(&guardian->ledger->debts[0], &buffer);
}

/* And its name is removed by somebody. */
void write_image_and_end(struct guardian *guardian)
{
	int fd = openat(folder_fd, IMAGE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, IMAGE, sizeof(IMAGE)) != sizeof(IMAGE) ||
	    fd_store_put(&guardian->store, debtor, fd) ||
	    unlinkat(folder_fd, IMAGE, 0) < 0)
		_exit(1);
	drop_memory_and_end(guardian);
}

void put_memory_back_and_end(struct guardian *guardian)
{
	drop_memory_and_end(guardian);
	ledger_note_offloaded(&guardian->ledger->debts[0], NULL);
}

void wait_for_signal(struct guardian *guardian)
{
	(void)guardian;
	for (;;)
		pause();
}

void just_end(struct guardian *guardian)
{
	(void)guardian;
}

void pay_and_end(struct guardian *guardian)
{
	guardian_pay(guardian, debtor);
}

void kill_debtor_and_end(struct guardian *guardian)
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

pid_t find_guardian(void)
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
void wait_for_end(void)
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

bool has_log(void)
{
	return faccessat(folder_fd, GUARDIAN_LOG_FILE, F_OK, 0) == 0;
}
