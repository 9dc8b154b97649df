/* SPDX-License-Identifier: GPL-2.0-only */
#include "gate.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#define CLOSED 0x80000000U

static void wait_while(struct gate *gate, uint32_t value, uint64_t deadline)
{
	const uint64_t second = 1000 * CLOCK_NS_PER_MS;
	struct timespec until = { (time_t)(deadline / second),
				  (long)(deadline % second) };

	syscall(SYS_futex, &gate->word, FUTEX_WAIT_BITSET_PRIVATE, value,
		deadline == CLOCK_NEVER ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
}

static void wake_all(struct gate *gate)
{
	syscall(SYS_futex, &gate->word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

void gate_enter(struct gate *gate)
{
	uint32_t word = atomic_load(&gate->word);

	for (;;) {
		if (word & CLOSED) {
			wait_while(gate, word, CLOCK_NEVER);
			word = atomic_load(&gate->word);
		} else if (atomic_compare_exchange_weak(&gate->word, &word, word + 1)) {
			return;
		}
	}
}

void gate_leave(struct gate *gate)
{
	if (atomic_fetch_sub(&gate->word, 1) == (CLOSED | 1))
		wake_all(gate);
}

bool gate_close(struct gate *gate, uint64_t deadline)
{
	uint32_t word = atomic_fetch_or(&gate->word, CLOSED) | CLOSED;

	while (word != CLOSED) {
		if (clock_now() >= deadline) {
			gate_open(gate);
			return false;
		}
		wait_while(gate, word, deadline);
		word = atomic_load(&gate->word);
	}
	return true;
}

void gate_open(struct gate *gate)
{
	atomic_fetch_and(&gate->word, ~CLOSED);
	wake_all(gate);
}
