/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The operations on this process: what the restore thread does.
 *
 * The legal ones go up and down one ladder, running - locked - checkpointed; a
 * process whose restore ran out of GPU memory is on none of its rungs any more.
 */
#pragma once

#include "channel.h"

/* A restore_thread_serve. */
void operations_serve(const struct request *request, struct answer *answer);
