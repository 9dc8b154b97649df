/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate that every API call passes: a lock closes it, an unlock opens it.
 *
 * One futex word and no mutex: a thread may be stopped anywhere in here, for
 * good, and the restore thread can still open and close. When gate_close() has
 * succeeded no API call is under way, so the restore thread then owns all that
 * those calls protect with locks of their own, and takes none of these.
 */
#pragma once

#include <stdatomic.h>

#include "cleanup.h"
#include "clock.h"

struct gate {
	_Atomic uint32_t word; /* the calls inside, and a bit for closed */
};

/* Around each API call. Waits while the gate is closed. */
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

/*
 * Let no more calls in and wait for those inside.
 *
 * Return: true, or false and the gate open again when @deadline came first.
 */
bool gate_close(struct gate *gate, uint64_t deadline) must_check;

void gate_open(struct gate *gate);
