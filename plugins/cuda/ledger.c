/* SPDX-License-Identifier: GPL-2.0-only */
#include "ledger.h"

#include <errno.h>
#include <sys/mman.h>

int ledger_open(struct ledger **ret_ledger)
{
	void *memory = mmap(NULL, sizeof(struct ledger), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;

	*ret_ledger = memory;
	return 0;
}

void ledger_close(struct ledger *ledger)
{
	if (ledger)
		munmap(ledger, sizeof(*ledger));
}

int ledger_owe(struct ledger *ledger, const struct debt *debt, struct debt **ret_debt)
{
	size_t count = atomic_load(&ledger->count);

	if (count == LEDGER_DEBTS_MAX)
		return -ENOSPC;

	ledger->debts[count] = *debt;
	atomic_store(&ledger->debts[count].is_open, true);
	/* Last: a debt that is counted is whole. */
	atomic_store(&ledger->count, count + 1);
	*ret_debt = &ledger->debts[count];
	return 0;
}

/*
 * They are mostly looked for in the order in which they came, so the search begins behind
 * the last that was found.
 */
struct debt *ledger_find(struct ledger *ledger, pid_t pid)
{
	const size_t count = atomic_load(&ledger->count);
	const size_t next = atomic_load(&ledger->next_found);

	for (size_t i = 0; i < count; i++) {
		const size_t at = (next + i) % count;

		if (ledger->debts[at].pid == pid) {
			atomic_store(&ledger->next_found, at + 1);
			return &ledger->debts[at];
		}
	}

	return NULL;
}

void ledger_freeze(struct ledger *ledger, pid_t pid)
{
	struct debt *debt = ledger_find(ledger, pid);

	if (debt)
		atomic_store(&debt->is_frozen, true);
}

void ledger_pay(struct ledger *ledger, pid_t pid)
{
	struct debt *debt = ledger_find(ledger, pid);

	if (debt)
		atomic_store(&debt->is_open, false);
}

void ledger_note_offloaded(struct debt *debt, const struct host_buffer *buffer)
{
	if (buffer)
		debt->buffer = *buffer;
	/* Last: one that is said to be offloaded has a buffer to be filled. */
	atomic_store(&debt->is_offloaded, buffer != NULL);
}
