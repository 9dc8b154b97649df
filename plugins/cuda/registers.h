/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of a thread at a system call: what is different on each architecture.
 *
 * registers_x86_64.c and registers_aarch64.c, of which one is compiled. Pure: they are
 * read and written by system_call.h. Does not log.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

/* The instruction that makes a system call; its last byte is before where it returns. */
extern const unsigned char registers_instruction[];
extern const size_t registers_instruction_size;

/* What PTRACE_GET_SYSCALL_INFO calls this architecture. */
extern const uint32_t registers_audit_arch;

/* The set of registers that has the number of the call alone; 0: it is in the others. */
extern const int registers_number_set;

/* All of these are of @registers at the entry of a system call. Make it another call. */
void registers_make_call(struct user_regs_struct *registers, uint64_t number,
			 const uint64_t arguments[6]);

/* The thread is about to make the call, which has the number @number, once more. */
void registers_call_again(struct user_regs_struct *registers, uint64_t number);

/* The call has returned @result. */
void registers_return(struct user_regs_struct *registers, int64_t result);

/*
 * Are @now those of a thread that has made the call of @given, and not run since? Calls
 * of the same arguments are the same where registers_number_set is not 0.
 */
bool registers_are_of_call(const struct user_regs_struct *now,
			   const struct user_regs_struct *given);

/*
 * @registers are to be written where @now is, which is no system call: take over what was
 * shown wrongly there, and cannot have changed since.
 */
void registers_keep(struct user_regs_struct *registers,
		    const struct user_regs_struct *now);
