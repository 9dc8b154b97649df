/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for cpu_share.c: each process may use so many CPUs.
 */
#pragma once

#include "cpu_share.h"

extern unsigned int fake_cpu_share; /* 64 if not set */
