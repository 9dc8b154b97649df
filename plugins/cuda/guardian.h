/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second process that gives everything back if CRIU dies.
 *
 * Before a process is touched the debt is noted with guardian_owe(), which starts the
 * guardian when it is the first; guardian_pay() when the process is back where it was
 * found. One that is being restored is owed to run. When CRIU has ended, in whatever way,
 * the guardian looks at what is still owed: a process that CRIU has killed is owed
 * nothing, any other is brought back to its rung.
 * Then it ends; and also if that proves impossible for long.
 *
 * It is a process of its own session and not CRIU's child: no signal to CRIU's group
 * reaches it, and no wait of CRIU's sees it. It keeps nothing of CRIU's but the
 * descriptors of the image directory and of those images that it may need: CRIU puts them
 * into a store (fd_store.h). It writes to syslog and, only if it has to act, to a file in
 * that directory (guardian_log.h).
 */
#pragma once

#include <sys/types.h>

#include "cuda_process.h"
#include "fd_store.h"
#include "ledger.h"
#include "tool.h"

struct guardian {
	const struct tool *tool;
	int image_dir;	       /* borrowed; negative if there is none */
	struct ledger *ledger; /* NULL until it is started */
	uint64_t criu_start;   /* of CRIU, this process, then */
	struct fd_store store; /* owned; to the guardian */
};

/* @tool is borrowed. Nothing is started. Needs guardian_release(). */
void guardian_init(struct guardian *guardian, const struct tool *tool, int image_dir);

/* The guardian goes on until CRIU ends. Processes have no store any more. */
void guardian_release(struct guardian *guardian);

/* The same, and the guardian ends now: what is not paid is lost anyway. */
void guardian_dismiss(struct guardian *guardian);

/*
 * Note that @process is owed the rung it was found on, and give it that debt and the
 * store for its image, which are ours until guardian_release(). Logs.
 *
 * Return: 0; -ESRCH if it is gone; another -errno, and then it may not be touched: there
 * would be nobody to bring it back.
 */
int guardian_owe(struct guardian *guardian, struct cuda_process *process) must_check;

/*
 * @pid is frozen, and about to be checkpointed: should CRIU die, it is to be held still
 * until it is where it was found. Not before: a lock needs all of its threads. A process
 * that is restored is frozen from the first.
 */
void guardian_freeze(struct guardian *guardian, pid_t pid);

/* @pid is where it was found, or gone. */
void guardian_pay(struct guardian *guardian, pid_t pid);
