/* SPDX-License-Identifier: GPL-2.0-only */
/* From a pid to the restore thread of that process, by /proc alone. */
#pragma once

#include <stdbool.h>

#include "api.h"
#include "cleanup.h"

struct target {
	int pid; /* the process, when a thread of it was asked for */
	int tid; /* its restore thread */
	unsigned int request_fd, answer_fd; /* descriptors of that process */
};

/*
 * Find the restore thread of @pid, which may be the number of any thread.
 *
 * Return: CUDA_SUCCESS; CUDA_ERROR_OPERATING_SYSTEM if there is no such process;
 * CUDA_ERROR_NOT_INITIALIZED if it has no restore thread.
 */
CUresult target_find(int pid, struct target *ret_target) must_check;
