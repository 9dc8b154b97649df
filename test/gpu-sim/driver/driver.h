/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver in this process, and how an API call enters and leaves it.
 *
 * Locking: a call is inside the gate while it is under way; calls protect what
 * they share with each other by the mutex. The restore thread takes no mutex:
 * it closes the gate, and then all of this is its own.
 */
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include "faults.h"
#include "gate.h"
#include "membership.h"
#include "memory.h"
#include "restore_thread.h"
#include "settings.h"
#include "stream.h"
#include "uvm_socket.h"

struct device {
	char name[32];
	size_t bytes;
	uint32_t gpu; /* its place in the GPU process's list, now */
	int retained;
	struct CUstream_st null_stream;
};

struct driver {
	_Atomic pid_t pid; /* who called cuInit; a forked child did not */
	struct gate gate;
	pthread_mutex_t mutex;

	struct settings settings;
	struct gpu_link link;
	struct uvm_socket uvm;
	int device_count;
	CUuuid uuids[GPU_MAX];
	struct device devices[GPU_MAX];
	struct memory memory;
	CUstream streams;
	struct memberships memberships;

	/* Only the restore thread uses these after cuInit. */
	struct restore_thread restore_thread;
	struct faults faults;
	CUprocessState state;
};

extern struct driver driver;

/*
 * Begin an API call: wait at the gate. driver_leave() has to follow a success.
 *
 * Return: CUDA_ERROR_NOT_INITIALIZED before cuInit, and in a forked child.
 */
CUresult driver_enter(void) must_check;

/* The same for calls that need a context; fails with CUDA_ERROR_INVALID_CONTEXT. */
CUresult driver_enter_context(int *ret_device) must_check;

/* End an API call. Return: @result. */
CUresult driver_leave(CUresult result);

/* Take the GPUs of @list, device d at place @gpus[d], as what the devices are. */
void driver_adopt_gpus(const struct gpu_answer *list, const uint32_t *gpus, int count);

/* The device of the calling thread's context, or -1. */
int context_current_device(void);

/*
 * Until when any stream of @device (-1: of any) has work of which that is known: all but
 * collectives.
 */
uint64_t driver_busy_until(int device);

/* Wait for all work of @device. The caller does not hold the driver's lock. */
void driver_wait_until_idle(int device);
