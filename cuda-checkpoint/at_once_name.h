/* SPDX-License-Identifier: MIT */
/* The word by which others know the utility's processes; at_once.h says how. */
#pragma once

#define AT_ONCE_NAME_PREFIX "cuda-cp-"
