/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The version of NVIDIA's driver, as the kernel module tells it. Does not log.
 */
#pragma once

#include "cleanup.h"

#define DRIVER_VERSION_FILE "/proc/driver/nvidia/version"

/* Room for a version, and its terminating zero. */
#define DRIVER_VERSION_SIZE 32

/*
 * The version that @file tells of, "580.159.04", or "" if it is not there or makes no
 * sense. Return: the number before the first point, 0 with "".
 */
unsigned long driver_version_read(const char *file,
				  char ret_version[DRIVER_VERSION_SIZE]);
