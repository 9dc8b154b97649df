/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process that plays CRIU: its signals are CRIU's, and it sees what is left in it.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>

struct criu_signals {
	struct sigaction child, alarm, pipe;
	sigset_t mask;
};

/* As CRIU does: reap whatever has ended, count alarms; and die of an exception. */
void criu_process_handle_signals(void);

void criu_process_read_signals(struct criu_signals *ret_signals);
bool criu_process_same_signals(const struct criu_signals *a,
			       const struct criu_signals *b);

/* Those that are open. */
int criu_process_descriptors(void);

/* Those that are left and are no tasks of CRIU's; waits a little for them to end. */
unsigned int criu_process_children(void);
