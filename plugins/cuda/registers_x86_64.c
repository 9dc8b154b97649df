/* SPDX-License-Identifier: GPL-2.0-only */
#include "registers.h"

#ifdef __x86_64__

#include <linux/audit.h>

const unsigned char registers_instruction[] = { 0x0f, 0x05 }; /* syscall */
const size_t registers_instruction_size = sizeof(registers_instruction);
const uint32_t registers_audit_arch = AUDIT_ARCH_X86_64;
const int registers_number_set = 0;

void registers_make_call(struct user_regs_struct *registers, uint64_t number,
			 const uint64_t arguments[6])
{
	registers->orig_rax = number;
	registers->rdi = arguments[0];
	registers->rsi = arguments[1];
	registers->rdx = arguments[2];
	registers->r10 = arguments[3];
	registers->r8 = arguments[4];
	registers->r9 = arguments[5];
}

void registers_call_again(struct user_regs_struct *registers, uint64_t number)
{
	registers->rip -= sizeof(registers_instruction);
	registers_return(registers, (int64_t)number);
}

void registers_return(struct user_regs_struct *registers, int64_t result)
{
	registers->rax = (uint64_t)result;
	/* No system call that a signal could make the kernel restart. */
	registers->orig_rax = UINT64_MAX;
}

bool registers_are_of_call(const struct user_regs_struct *now,
			   const struct user_regs_struct *given)
{
	return now->rip == given->rip && now->rsp == given->rsp &&
	       now->orig_rax == given->orig_rax && now->rdi == given->rdi &&
	       now->rsi == given->rsi && now->rdx == given->rdx &&
	       now->r10 == given->r10 && now->r8 == given->r8 && now->r9 == given->r9;
}

void registers_keep(struct user_regs_struct *registers,
		    const struct user_regs_struct *now)
{
	(void)registers;
	(void)now;
}

#endif
