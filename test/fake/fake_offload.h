/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for offload.c over the world of fake_proc.h.
 *
 * A process whose memory is out must not be restored by the driver (fake_tool.c), and
 * must be given back its memory as often as it was taken. With settings that are NULL
 * nothing is done.
 */
#pragma once

#include <stddef.h>

#include "offload.h"

/* How many may climb at once; 0: all. */
extern size_t fake_offload_wave;
