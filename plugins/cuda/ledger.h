/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a dump owes to which process, in memory that CRIU and the guardian share.
 *
 * Written by CRIU, before it touches a process and after it has paid; read by the
 * guardian when CRIU is no more. Shared memory and not messages: writing it cannot
 * block, cannot fail half way, and holds however CRIU ends. Does not log.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "cuda_state.h"
#include "host_buffer.h"
#include "tripwire.h"

/* More CUDA processes than that are not dumped at once; untouched, they take no memory.
 */
#define LEDGER_DEBTS_MAX 65536

struct debt {
	pid_t criu;	     /* who owes it */
	uint64_t criu_start; /* of that process, as life_start() has it */
	pid_t pid;
	uint64_t start;	       /* of the process, as life_start() has it */
	enum cuda_state found; /* the rung that it is owed */
	bool goes_alone;       /* cuda_process.h */
	pid_t restore_tid;     /* 0: not known */
	uint64_t signal_mask;  /* that the restore thread had */
	atomic_bool is_open;
	atomic_bool is_frozen;	  /* and must be held still until it is paid */
	struct tripwire tripwire; /* of the restore thread */
	struct host_buffer buffer;
	atomic_bool is_offloaded; /* that has to be filled before anything else */

	/* The guardian's own. */
	pid_t keeper; /* the process that is at it, or 0 */
	int image;    /* of its memory, open; 0: none */
};

struct ledger {
	atomic_bool is_closed; /* nothing will be owed any more */
	atomic_size_t count;
	atomic_size_t next_found; /* where to look first */
	struct debt debts[LEDGER_DEBTS_MAX];
};

/* A new, empty ledger, to be closed. Return: 0 or -errno. */
int ledger_open(struct ledger **ret_ledger) must_check;

/* @ledger may be NULL. The other process keeps its view. */
void ledger_close(struct ledger *ledger);

/*
 * Open @debt. Return: 0 with *@ret_debt, which is the ledger's; -ENOSPC if the ledger is
 * full.
 */
int ledger_owe(struct ledger *ledger, const struct debt *debt,
	       struct debt **ret_debt) must_check;

/* The debt to @pid, or NULL. */
struct debt *ledger_find(struct ledger *ledger, pid_t pid);

/* The process of the debt to @pid, if there is one, is frozen from now on. */
void ledger_freeze(struct ledger *ledger, pid_t pid);

/* Close the debt to @pid, if there is one. */
void ledger_pay(struct ledger *ledger, pid_t pid);

/*
 * The memory of the process of @debt is about to be dropped from @buffer; or, with NULL,
 * it is back.
 */
void ledger_note_offloaded(struct debt *debt, const struct host_buffer *buffer);
