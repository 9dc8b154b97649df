/* SPDX-License-Identifier: GPL-2.0-only */
#include "registers.h"

#ifdef __aarch64__

#include <linux/audit.h>

#define NUMBER 8 /* x8 */

const unsigned char registers_instruction[] = { 0x01, 0x00, 0x00, 0xd4 }; /* svc #0 */
const size_t registers_instruction_size = sizeof(registers_instruction);
const uint32_t registers_audit_arch = AUDIT_ARCH_AARCH64;

void registers_set_fourth(struct user_regs_struct *registers, uint64_t value)
{
	registers->regs[3] = value;
}

void registers_call_again(struct user_regs_struct *registers, uint64_t number,
			  const uint64_t arguments[3])
{
	registers->pc -= sizeof(registers_instruction);
	registers->regs[NUMBER] = number;
	for (int i = 0; i < 3; i++)
		registers->regs[i] = arguments[i];
}

/*
 * At a system call the kernel shows in x7 whether it is the entry or the exit, and
 * ignores what is written to it. No system call changes it.
 */
void registers_keep(struct user_regs_struct *registers,
		    const struct user_regs_struct *now)
{
	registers->regs[7] = now->regs[7];
}

#endif
