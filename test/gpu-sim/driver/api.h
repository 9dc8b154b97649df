/* SPDX-License-Identifier: GPL-2.0-only */
/* The driver API, exported: the library is built with everything else hidden. */
#pragma once

#pragma GCC visibility push(default)
#include "cuda.h"
#include "cuda_sim.h"
#pragma GCC visibility pop
