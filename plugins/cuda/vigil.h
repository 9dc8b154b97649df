/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The watch over an operation on a CUDA process (operation.h): does anybody answer?
 *
 * That the process ends is seen at once, and is -ESRCH. That an operation takes longer
 * than it may, or cannot go on since somebody has stopped the process, is
 * OPERATION_LEAVE: the utility is left at work, for what the driver does cannot be broken
 * off, and nothing else may be done with the process until it has ended; -ECANCELED for
 * one that is expendable. Logs what it finds.
 */
#pragma once

#include "cuda_process.h"
#include "headway.h"
#include "operation.h"

struct vigil {
	const struct cuda_process *process;
	const struct operation_target *target;
	unsigned int timeout_ms; /* of the operation; 0: none */
	struct headway headway;	 /* what is said of it meanwhile */
};

/* For a question, or a lock, which has a timeout of the driver's own. */
struct operation_watch vigil_over_answer(struct vigil *vigil);

/* For what has none: all other operations. */
struct operation_watch vigil_over_operation(struct vigil *vigil);
