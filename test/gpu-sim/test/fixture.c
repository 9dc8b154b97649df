/* SPDX-License-Identifier: GPL-2.0-only */
#include "fixture.h"

#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t gpu_process;
static char socket_path[64];

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sleep_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

pid_t fork_with_us(void)
{
	pid_t pid = fork();

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* --- GPUs --- */

void beside_test(const char *relative, char *ret_path, size_t size)
{
	char self[2048] = "";

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	snprintf(ret_path, size, "%s/%s", dirname(self), relative);
}

static void become_gpus(int ready_fd)
{
	char path[4096], number[16];

	beside_test("../gpu-sim", path, sizeof(path));
	snprintf(number, sizeof(number), "%d", ready_fd);
	execl(path, "gpu-sim", "--socket", socket_path, "--ready-fd", number, NULL);
	_exit(127);
}

static void set_number(const char *variable, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	setenv(variable, text, 1);
}

void gpus_start(unsigned int count, unsigned int mib)
{
	int ready[2];
	char byte;

	snprintf(socket_path, sizeof(socket_path), "/tmp/test-gpu-sim.%d", getpid());
	set_number("CUDA_SIM_GPUS", count);
	set_number("CUDA_SIM_GPU_MEMORY", mib);
	setenv("CUDA_SIM_SOCKET", socket_path, 1);
	assert_int_equal(pipe(ready), 0);
	gpu_process = fork_with_us();
	if (gpu_process == 0)
		become_gpus(ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

void gpus_stop(void)
{
	int status;

	kill(gpu_process, SIGTERM);
	assert_int_equal(waitpid(gpu_process, &status, 0), gpu_process);
	assert_int_equal(status, 0);
	assert_int_not_equal(access(socket_path, F_OK), 0);
}

void gpus_list(struct gpu_answer *ret_list)
{
	struct gpu_request request = { .kind = GPU_LIST };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	memcpy(address.sun_path, socket_path, sizeof(socket_path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, &request, sizeof(request), 0), sizeof(request));
	assert_int_equal(recv(fd, ret_list, sizeof(*ret_list), 0), sizeof(*ret_list));
	close(fd);
}

static uint64_t used_mib(unsigned int gpu)
{
	struct gpu_answer list;

	gpus_list(&list);
	return (list.gpus[gpu].bytes - list.gpus[gpu].free_bytes) >> 20;
}

void gpus_expect_used(unsigned int gpu, unsigned int mib)
{
	uint64_t until = now_ms() + 2000;

	while (used_mib(gpu) != mib && now_ms() < until)
		sleep_ms(1);
	assert_int_equal(used_mib(gpu), mib);
}

/* --- one process that makes one call --- */

CUresult act(pid_t pid, enum action action, unsigned int timeout_ms)
{
	CUcheckpointLockArgs lock = { .timeoutMs = timeout_ms };
	CUprocessState state;

	switch (action) {
	case GET_STATE:
		return cuCheckpointProcessGetState(pid, &state);
	case LOCK:
		return cuCheckpointProcessLock(pid, &lock);
	case CHECKPOINT:
		return cuCheckpointProcessCheckpoint(pid, NULL);
	case RESTORE:
		return cuCheckpointProcessRestore(pid, NULL);
	case UNLOCK:
		return cuCheckpointProcessUnlock(pid, NULL);
	}
	return CUDA_ERROR_UNKNOWN;
}

void caller_start(struct caller *caller, pid_t pid, enum action action,
		  unsigned int timeout_ms)
{
	int ends[2];
	CUresult result;

	assert_int_equal(pipe(ends), 0);
	caller->pid = fork_with_us();
	if (caller->pid == 0) {
		result = act(pid, action, timeout_ms);
		_exit(write(ends[1], &result, sizeof(result)) != sizeof(result));
	}
	close(ends[1]);
	caller->result = ends[0];
}

static void caller_reap(struct caller *caller)
{
	close(caller->result);
	assert_int_equal(waitpid(caller->pid, NULL, 0), caller->pid);
}

bool caller_done(struct caller *caller, int timeout_ms, CUresult *ret_result)
{
	struct pollfd wait = { caller->result, POLLIN, 0 };

	if (poll(&wait, 1, timeout_ms) <= 0)
		return false;
	assert_int_equal(read(caller->result, ret_result, sizeof(*ret_result)),
			 sizeof(*ret_result));
	caller_reap(caller);
	return true;
}

void caller_kill(struct caller *caller)
{
	kill(caller->pid, SIGKILL);
	caller_reap(caller);
}

CUprocessState state_of(pid_t pid)
{
	CUprocessState state;

	assert_int_equal(cuCheckpointProcessGetState(pid, &state), CUDA_SUCCESS);
	return state;
}

/* The file begins with the number of the system call, or "running". */
static bool is_reading(const char *path)
{
	int number = -1;
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	if (fscanf(file, "%d", &number) != 1)
		number = -1;
	fclose(file);
	return number == SYS_read;
}

void wait_until_busy(pid_t pid)
{
	char path[64];
	int tid;

	assert_int_equal(cuCheckpointProcessGetRestoreThreadId(pid, &tid), CUDA_SUCCESS);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	while (is_reading(path))
		sleep_ms(1);
}

void suspend(pid_t pid)
{
	assert_int_equal(act(pid, LOCK, 0), CUDA_SUCCESS);
	assert_int_equal(act(pid, CHECKPOINT, 0), CUDA_SUCCESS);
}

void resume(pid_t pid)
{
	assert_int_equal(act(pid, RESTORE, 0), CUDA_SUCCESS);
	assert_int_equal(act(pid, UNLOCK, 0), CUDA_SUCCESS);
}

/* --- setup and teardown --- */

static void unset_faults(void)
{
	static const char *const variables[] = {
		"CUDA_SIM_LOCK",	"CUDA_SIM_CHECKPOINT", "CUDA_SIM_RESTORE",
		"CUDA_SIM_UNLOCK",	"CUDA_SIM_GET_STATE",  "CUDA_SIM_COPY_MBPS",
		"CUDA_SIM_PERSISTENCE", "CUDA_SIM_SEED",       "CUDA_SIM_DRIVER_VERSION",
		"CUDA_SIM_INIT_MS",	"CUDA_SIM_NVML",
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
}

int one_gpu(void **state)
{
	(void)state;
	alarm(300);
	unset_faults();
	gpus_start(1, 64);
	return 0;
}

int two_gpus(void **state)
{
	(void)state;
	alarm(300);
	unset_faults();
	gpus_start(2, 64);
	return 0;
}

int no_gpus(void **state)
{
	(void)state;
	gpus_stop();
	return 0;
}
