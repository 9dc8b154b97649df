/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of a thread at a system call: what is different on each architecture.
 *
 * registers_x86_64.c and registers_aarch64.c, of which one is compiled. Pure: they are
 * read and written by system_call.h. Does not log.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

/* The instruction that makes a system call; its last byte is before where it returns. */
extern const unsigned char registers_instruction[];
extern const size_t registers_instruction_size;

/* What PTRACE_GET_SYSCALL_INFO calls this architecture. */
extern const uint32_t registers_audit_arch;

/* At a system call: its fourth argument, of mmap() the flags. */
void registers_set_fourth(struct user_regs_struct *registers, uint64_t value);

/*
 * At the exit of a system call: have the thread run the instruction once more, for
 * another call.
 */
void registers_call_again(struct user_regs_struct *registers, uint64_t number,
			  const uint64_t arguments[3]);

/*
 * @registers were read at a system call, and are to be written where @now is: take over
 * what was shown wrongly there, and cannot have changed since.
 */
void registers_keep(struct user_regs_struct *registers,
		    const struct user_regs_struct *now);
