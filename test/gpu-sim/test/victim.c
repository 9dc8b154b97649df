/* SPDX-License-Identifier: GPL-2.0-only */
/* The program that uses a GPU and does what it is told. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"
#include "app_memory.h"
#include "fixture.h"

struct self {
	struct app_memory memory;
	CUstream stream;
	CUdeviceptr managed;
};

static uint32_t first_of_uuid(void)
{
	CUuuid uuid;

	APP_CHECK(cuDeviceGetUuid(&uuid, 0));
	return *(const uint32_t *)(const void *)uuid.bytes;
}

static uint32_t ask_forked_child(void)
{
	int count, status;
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)cuDeviceGetCount(&count) * 16 + (int)cuInit(0));
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		app_fail("the forked child did not end");
	return (uint32_t)WEXITSTATUS(status);
}

/* Written by the GPU, read by the program at the same address, copied by the driver. */
static void use_managed(struct self *self)
{
	const size_t words = 1000;
	const uint32_t *seen;
	uint32_t copy;

	APP_CHECK(cuMemAllocManaged(&self->managed, words * sizeof(copy),
				    CU_MEM_ATTACH_GLOBAL));
	APP_CHECK(cuMemsetD32(self->managed, 4711, words));
	APP_CHECK(cuCtxSynchronize());
	seen = (const uint32_t *)(uintptr_t)self->managed;
	APP_CHECK(cuMemcpyDtoH(&copy, self->managed + (words - 1) * sizeof(copy),
			       sizeof(copy)));
	if (seen[0] != 4711 || seen[words - 1] != 4711 || copy != 4711)
		app_fail("managed memory is wrong");
}

/* One copy of all the memory takes VICTIM_WORK_MS at VICTIM_MBPS. */
static void queue_work(struct self *self)
{
	APP_CHECK(cuMemcpyDtoDAsync(self->memory.data, self->memory.data,
				    self->memory.bytes, self->stream));
}

static uint32_t obey(struct self *self, enum order order)
{
	switch (order) {
	case ORDER_ADVANCE:
		app_memory_advance(&self->memory);
		return 0;
	case ORDER_CHECK:
		return app_memory_check(&self->memory);
	case ORDER_QUEUE:
		queue_work(self);
		return 0;
	case ORDER_SYNCHRONIZE:
		APP_CHECK(cuStreamSynchronize(self->stream));
		return 0;
	case ORDER_MANAGE:
		use_managed(self);
		return 0;
	case ORDER_UNMANAGE:
		APP_CHECK(cuMemFree(self->managed));
		return 0;
	case ORDER_UUID:
		return first_of_uuid();
	case ORDER_FORK:
		return ask_forked_child();
	}
	app_fail("no such order: %d", (int)order);
}

_Noreturn static void live(int orders, int answers)
{
	struct self self;
	enum order order;
	uint32_t answer = 0;

	app_cuda_start(0);
	app_memory_init(&self.memory, VICTIM_MIB);
	APP_CHECK(cuStreamCreate(&self.stream, CU_STREAM_NON_BLOCKING));
	while (write(answers, &answer, sizeof(answer)) == sizeof(answer) &&
	       read(orders, &order, sizeof(order)) == sizeof(order))
		answer = obey(&self, order);
	exit(0);
}

void victim_start(struct victim *victim)
{
	int orders[2], answers[2];
	uint32_t ready;

	assert_int_equal(pipe(orders), 0);
	assert_int_equal(pipe(answers), 0);
	victim->pid = fork_with_us();
	if (victim->pid == 0) {
		close(orders[1]);
		close(answers[0]);
		live(orders[0], answers[1]);
	}
	close(orders[0]);
	close(answers[1]);
	victim->orders = orders[1];
	victim->answers = answers[0];
	assert_true(victim_answers(victim, 10000, &ready));
}

CUresult init_in_child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fclose(stderr); /* what it says there is expected */
		_exit((int)cuInit(0));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (CUresult)WEXITSTATUS(status);
}

void victim_order(const struct victim *victim, enum order order)
{
	assert_int_equal(write(victim->orders, &order, sizeof(order)), sizeof(order));
}

bool victim_answers(const struct victim *victim, int timeout_ms, uint32_t *ret_answer)
{
	struct pollfd wait = { victim->answers, POLLIN, 0 };

	if (poll(&wait, 1, timeout_ms) <= 0)
		return false;
	assert_int_equal(read(victim->answers, ret_answer, sizeof(*ret_answer)),
			 sizeof(*ret_answer));
	return true;
}

uint32_t victim_do(const struct victim *victim, enum order order)
{
	uint32_t answer = 0;

	victim_order(victim, order);
	assert_true(victim_answers(victim, 10000, &answer));
	return answer;
}

void victim_end(struct victim *victim)
{
	kill(victim->pid, SIGKILL);
	assert_int_equal(waitpid(victim->pid, NULL, 0), victim->pid);
	close(victim->orders);
	close(victim->answers);
}
