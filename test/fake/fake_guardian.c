/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_guardian.h"

#include <errno.h>

#include "fake_proc.h"
#include "log.h"

int guardian_owe(struct guardian *guardian, struct cuda_process *process)
{
	struct fake_process *debtor = fake_world_find(process->pid);
	const enum fake_failure failure = fake_world_call("owe", debtor);

	(void)guardian;
	if (failure == FAKE_SUCCEEDS || failure == FAKE_DIES) {
		debtor->owed = true;
		process->debt = &debtor->debt;
		return fake_world_note("owe", process->pid, 0, 0);
	}

	pr_err("pid %d: cannot note what it is owed\n", process->pid);
	return fake_world_note("owe", process->pid, 0, -EIO);
}

void guardian_freeze(struct guardian *guardian, pid_t pid)
{
	struct fake_process *debtor = fake_world_find(pid);

	(void)guardian;
	if (debtor)
		debtor->frozen = true;
}

void guardian_pay(struct guardian *guardian, pid_t pid)
{
	struct fake_process *debtor = fake_world_find(pid);

	(void)guardian;
	if (debtor)
		debtor->owed = false;
}
