/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the simulated GPU need: GPUs, a program that uses them and
 * does what it is told, and callers that can be left waiting or be killed.
 *
 * The test process itself only ever calls the checkpoint functions, without
 * cuInit, as the utility does. What goes wrong in here fails the test.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "cuda.h"
#include "protocol.h"

/* --- GPUs --- */

/* Start the GPU process with @count GPUs of @mib each and set CUDA_SIM_SOCKET. */
void gpus_start(unsigned int count, unsigned int mib);
void gpus_stop(void);

/* What the GPU process says of itself. */
void gpus_list(struct gpu_answer *ret_list);

/* Wait a little until @mib are in use on GPU @gpu; fails if they never are. */
void gpus_expect_used(unsigned int gpu, unsigned int mib);

/* --- a program that uses a GPU: the victim --- */

/* Orders. Each is answered with a number when it has been done. */
enum order {
	ORDER_ADVANCE = 1, /* fill the memory for the next count; answers 0 */
	ORDER_CHECK,	   /* check all the memory; answers the count */
	ORDER_QUEUE,	   /* queue asynchronous work of VICTIM_WORK_MS; answers 0 */
	ORDER_SYNCHRONIZE, /* wait for it; answers 0 */
	ORDER_UUID,	   /* answers the first four bytes of device 0's UUID */
	ORDER_MANAGE,	   /* allocate and use managed memory; answers 0 */
	ORDER_UNMANAGE,	   /* free it again; answers 0 */
	ORDER_FORK,	   /* answers what a forked child gets from a CUDA call */
};

#define VICTIM_MIB     4
#define VICTIM_WORK_MS 800 /* with a CUDA_SIM_COPY_MBPS of VICTIM_MBPS */
#define VICTIM_MBPS    "5"

struct victim {
	pid_t pid;
	int orders, answers;
};

/* Start it, on GPU 0; VICTIM_MIB of device memory are filled when it returns. */
void victim_start(struct victim *victim);

/* Return: what cuInit says in a process that then ends. */
CUresult init_in_child(void);

void victim_order(const struct victim *victim, enum order order);

/* Return: whether the answer came in time. */
bool victim_answers(const struct victim *victim, int timeout_ms, uint32_t *ret_answer);

/* Order and wait for the answer. */
uint32_t victim_do(const struct victim *victim, enum order order);

/* Kill and reap it. */
void victim_end(struct victim *victim);

/* --- another process that makes one call --- */

enum action {
	GET_STATE,
	LOCK,
	CHECKPOINT,
	RESTORE,
	UNLOCK
};

struct caller {
	pid_t pid;
	int result;
};

void caller_start(struct caller *caller, pid_t pid, enum action action,
		  unsigned int timeout_ms);

/* Return: whether it has come back in time; then it has been reaped. */
bool caller_done(struct caller *caller, int timeout_ms, CUresult *ret_result);

void caller_kill(struct caller *caller);

/* --- the calls themselves --- */

CUresult act(pid_t pid, enum action action, unsigned int timeout_ms);
CUprocessState state_of(pid_t pid);

/* Wait until the restore thread of @pid does something else than wait for a request. */
void wait_until_busy(pid_t pid);

/* Lock and checkpoint, or restore and unlock; all must succeed. */
void suspend(pid_t pid);
void resume(pid_t pid);

/* Seconds are long; a test says how long it took. */
uint64_t now_ms(void);
void sleep_ms(unsigned int ms);

/* The path of a program, seen from the folder of the running test. */
void beside_test(const char *relative, char *ret_path, size_t size);

/* fork, and the child dies when the test does. */
pid_t fork_with_us(void);

/* setup and teardown for cmocka: one GPU of 64 MiB; no CUDA_SIM variables left */
int one_gpu(void **state);
int two_gpus(void **state);
int no_gpus(void **state);
