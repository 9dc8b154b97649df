/* SPDX-License-Identifier: GPL-2.0-only */
#include "registers.h"

#ifdef __x86_64__

#include <linux/audit.h>

const unsigned char registers_instruction[] = { 0x0f, 0x05 }; /* syscall */
const size_t registers_instruction_size = sizeof(registers_instruction);
const uint32_t registers_audit_arch = AUDIT_ARCH_X86_64;

void registers_set_fourth(struct user_regs_struct *registers, uint64_t value)
{
	registers->r10 = value;
}

void registers_call_again(struct user_regs_struct *registers, uint64_t number,
			  const uint64_t arguments[3])
{
	registers->rip -= sizeof(registers_instruction);
	registers->rax = number;
	registers->rdi = arguments[0];
	registers->rsi = arguments[1];
	registers->rdx = arguments[2];
	/* No system call that a signal could make the kernel restart. */
	registers->orig_rax = UINT64_MAX;
}

void registers_keep(struct user_regs_struct *registers,
		    const struct user_regs_struct *now)
{
	(void)registers;
	(void)now;
}

#endif
