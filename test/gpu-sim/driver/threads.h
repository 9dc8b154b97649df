/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc says of the other threads of this process. System calls only. */
#pragma once

#include <stdbool.h>

/* True if one is stopped, by a signal or by ptrace; false too if /proc is not there. */
bool threads_any_other_is_stopped(void);
