/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many GPUs this machine has, and CPUs. Does not log.
 */
#pragma once

#include <stddef.h>

/* Where the NVIDIA driver has a folder for each GPU. */
#define MACHINE_GPUS_FOLDER "/proc/driver/nvidia/gpus"

/* 0 without a driver, or a GPU. No driver call. */
size_t machine_gpus(void);

/* Those that this process may use; at least 1. */
size_t machine_cpus(void);
