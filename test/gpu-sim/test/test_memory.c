/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the device memory is, and what a process shows of it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"

/* The victim's memory and the page that its count is in. */
#define VICTIM_KIB (VICTIM_MIB * 1024 + 4)

static int count_sockets(pid_t pid)
{
	char path[300], target[64];
	const struct dirent *entry;
	DIR *dir;
	int count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		ssize_t got;

		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		got = readlink(path, target, sizeof(target));
		if (got > 7 && strncmp(target, "socket:", 7) == 0)
			count++;
	}
	closedir(dir);
	return count;
}

static bool has_line(const char *path, const char *text)
{
	char line[512];
	FILE *file = fopen(path, "r");
	bool found = false;

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, text) != NULL;
	fclose(file);
	return found;
}

static bool maps_device_memory(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	return has_line(path, "/memfd:simulated-gpu");
}

static bool listens(pid_t pid)
{
	char name[64];

	snprintf(name, sizeof(name), "-%d\n", pid);
	return has_line("/proc/net/unix", name);
}

static uint64_t used_kib(void)
{
	struct gpu_answer list;

	gpus_list(&list);
	return (list.gpus[0].bytes - list.gpus[0].free_bytes) >> 10;
}

static void checkpoint_leaves_nothing_of_the_gpu(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);
	assert_int_equal(used_kib(), VICTIM_KIB);
	assert_int_equal(count_sockets(victim.pid), 2);
	assert_true(maps_device_memory(victim.pid));
	assert_true(listens(victim.pid));

	suspend(victim.pid);
	assert_int_equal(used_kib(), 0);
	assert_int_equal(count_sockets(victim.pid), 0);
	assert_false(maps_device_memory(victim.pid));
	assert_false(listens(victim.pid));

	resume(victim.pid);
	assert_int_equal(used_kib(), VICTIM_KIB);
	assert_int_equal(count_sockets(victim.pid), 2);
	assert_true(maps_device_memory(victim.pid));
	assert_true(listens(victim.pid));

	victim_end(&victim);
	gpus_expect_used(0, 0);
}

static void no_gpu_process_no_device(void **state)
{
	(void)state;
	setenv("CUDA_SIM_SOCKET", "/nonexistent", 1);
	assert_int_equal(init_in_child(), CUDA_ERROR_NO_DEVICE);
	unsetenv("CUDA_SIM_SOCKET");
	assert_int_equal(init_in_child(), CUDA_ERROR_NO_DEVICE);
	gpus_stop();
	gpus_start(1, 64);
}

static void restore_without_gpu_can_be_tried_again(void **state)
{
	struct victim victim;

	(void)state;
	victim_start(&victim);
	victim_do(&victim, ORDER_ADVANCE);
	suspend(victim.pid);

	gpus_stop();
	assert_int_equal(act(victim.pid, RESTORE, 0), CUDA_ERROR_NO_DEVICE);
	assert_int_equal(state_of(victim.pid), CU_PROCESS_STATE_CHECKPOINTED);
	gpus_start(1, 64);
	resume(victim.pid);

	assert_int_equal(victim_do(&victim, ORDER_CHECK), 1);
	victim_end(&victim);
}

static int connect_raw(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 getenv("CUDA_SIM_SOCKET"));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static enum gpu_result ask(int fd, struct gpu_request request, uint64_t *ret_handle)
{
	struct gpu_answer answer;

	assert_int_equal(send(fd, &request, sizeof(request), 0), sizeof(request));
	assert_int_equal(recv(fd, &answer, sizeof(answer), 0), sizeof(answer));
	*ret_handle = answer.handle;
	return (enum gpu_result)answer.result;
}

static void gpu_process_keeps_account(void **state)
{
	const struct gpu_request half = { .kind = GPU_ALLOCATE, .bytes = 32 << 20 };
	int fd = connect_raw();
	uint64_t first, second, none;

	(void)state;
	assert_int_equal(ask(fd, half, &first), GPU_OK);
	assert_int_equal(ask(fd, half, &second), GPU_OK);
	assert_int_equal(ask(fd, half, &none), GPU_OUT_OF_MEMORY);
	gpus_expect_used(0, 64);

	assert_int_equal(
		ask(fd, (struct gpu_request){ .kind = GPU_FREE, .handle = first }, &none),
		GPU_OK);
	assert_int_equal(
		ask(fd, (struct gpu_request){ .kind = GPU_FREE, .handle = first }, &none),
		GPU_INVALID);
	gpus_expect_used(0, 32);

	close(fd);
	gpus_expect_used(0, 0);
}

static void gpu_process_survives_bad_clients(void **state)
{
	static const struct gpu_request wrong[] = {
		{ .kind = 0 },
		{ .kind = 77 },
		{ .kind = GPU_ALLOCATE },
		{ .kind = GPU_ALLOCATE, .gpu = 9, .bytes = 1 },
		{ .kind = GPU_FREE, .handle = 1 },
	};
	struct gpu_request huge = { .kind = GPU_ALLOCATE, .bytes = UINT64_MAX };
	uint64_t none;
	char byte = 1;
	int fd = connect_raw(), silent = connect_raw();

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(ask(fd, wrong[i], &none), GPU_INVALID);
	assert_int_equal(ask(fd, huge, &none), GPU_OUT_OF_MEMORY);
	assert_int_equal(send(fd, &byte, 1, 0), 1);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	for (int i = 0; i < 10000; i++)
		send(silent, &wrong[0], sizeof(wrong[0]), MSG_DONTWAIT | MSG_NOSIGNAL);

	gpus_expect_used(0, 0);
	close(fd);
	close(silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checkpoint_leaves_nothing_of_the_gpu),
		cmocka_unit_test(no_gpu_process_no_device),
		cmocka_unit_test(restore_without_gpu_can_be_tried_again),
		cmocka_unit_test(gpu_process_keeps_account),
		cmocka_unit_test(gpu_process_survives_bad_clients),
	};

	return cmocka_run_group_tests(tests, one_gpu, no_gpus);
}
