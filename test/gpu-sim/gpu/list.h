/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The simulated nvidia-smi: ask the GPU process at a socket what it has.
 */
#pragma once

#include "cleanup.h"

/*
 * Print a line for each GPU to stdout: "GPU-<uuid> <MiB in use> <MiB in all>".
 *
 * Return: 0, or -errno, with a line on stderr.
 */
int list_print(const char *path) must_check;
