/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CUDA version the driver says it is: CUDA_SIM_DRIVER_VERSION, or 13.0. */
#pragma once

/* 1000 times the major version and 10 times the minor one. */
int version_of_driver(void);
