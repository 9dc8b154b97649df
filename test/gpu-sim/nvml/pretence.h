/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What NVML says in place of the truth: CUDA_SIM_NVML, one of
 *
 *   fail=CODE    nvmlInit_v2() returns it
 *   bytes=N      each process holds that much on each GPU where it holds any
 *   unknown      NVML_VALUE_NOT_AVAILABLE for each process
 */
#pragma once

#include <stdbool.h>

#include "cleanup.h"
#include "nvml_abi.h"

struct pretence {
	nvmlReturn_t fail; /* NVML_SUCCESS: it does not */
	bool has_bytes;
	uint64_t bytes;
};

/* Read it from the environment. Return: 0, or -EINVAL, told on stderr. */
int pretence_read(struct pretence *ret_pretence) must_check;

/* What is said of a process that holds @bytes. */
uint64_t pretence_bytes(const struct pretence *pretence, uint64_t bytes);
