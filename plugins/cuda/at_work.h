/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a run of the utility at work on a process? Whoever started it.
 *
 * Only reads /proc. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Is the program @program at work on @pid, that is, has it the words "--pid" and @pid on
 * its command line? One that only asks (--get-state) is not: whoever looks on must not
 * hold up what he waits for. Of our utility's processes for several pids, whose command
 * line names all, the one for @pid counts; cuda-checkpoint/at_once.h says how it is
 * known. True also if that cannot be seen: to wait is safe, and to begin is not.
 */
bool at_work_on(pid_t pid, const char *program);
