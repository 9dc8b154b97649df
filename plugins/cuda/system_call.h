/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The system call at which a thread, in a ptrace stop of the caller's, has stopped.
 *
 * Only the thread that attached may call these. Does not log.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "registers.h"

/* The wait status of a stop at a system call, where PTRACE_O_TRACESYSGOOD is set. */
#define SYSTEM_CALL_STATUS ((SIGTRAP | 0x80) << 8 | 0x7f)

struct system_call {
	bool is_entry, is_exit; /* or neither: it stopped at something else */

	/* At the entry. */
	bool is_native; /* made as programs of this architecture make it */
	uint64_t number;
	uint64_t arguments[6];
	uint64_t return_address;

	/* At the exit. */
	int64_t result; /* or -errno */
	bool has_failed;
};

/*
 * Without PTRACE_O_TRACESYSGOOD it is neither the entry nor the exit.
 *
 * Return: 0; -EIO before Linux 5.3; another -errno.
 */
int system_call_read(pid_t tid, struct system_call *ret_call) must_check;

/*
 * Is @status, which looks as if a SIGTRAP had come, a stop at a system call without
 * PTRACE_O_TRACESYSGOOD?
 */
bool system_call_is_plain_stop(pid_t tid, int status);

/*
 * Is there the instruction that makes a system call before @return_address? Then the
 * thread's memory can be read and written, too.
 */
bool system_call_is_made_before(pid_t tid, uint64_t return_address);

/* Return: 0 or -errno. After a failure to write, write again. */
int system_call_read_registers(pid_t tid,
			       struct user_regs_struct *ret_registers) must_check;
int system_call_write_registers(pid_t tid,
				const struct user_regs_struct *registers) must_check;

/*
 * At the entry: the call is another one, of the number @number, with @registers. Return:
 * the same.
 */
int system_call_replace(pid_t tid, const struct user_regs_struct *registers,
			uint64_t number) must_check;
