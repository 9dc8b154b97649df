/* SPDX-License-Identifier: GPL-2.0-only */
#include "registers.h"

#ifdef __aarch64__

#include <elf.h>
#include <linux/audit.h>
#include <string.h>

#define NUMBER 8 /* x8 */

const unsigned char registers_instruction[] = { 0x01, 0x00, 0x00, 0xd4 }; /* svc #0 */
const size_t registers_instruction_size = sizeof(registers_instruction);
const uint32_t registers_audit_arch = AUDIT_ARCH_AARCH64;
const int registers_number_set = NT_ARM_SYSTEM_CALL;

void registers_make_call(struct user_regs_struct *registers, uint64_t number,
			 const uint64_t arguments[6])
{
	(void)number; /* x8 is what the thread has there, whatever is called */
	for (int i = 0; i < 6; i++)
		registers->regs[i] = arguments[i];
}

void registers_call_again(struct user_regs_struct *registers, uint64_t number)
{
	registers->pc -= sizeof(registers_instruction);
	registers->regs[NUMBER] = number;
}

void registers_return(struct user_regs_struct *registers, int64_t result)
{
	registers->regs[0] = (uint64_t)result;
}

/* Its first argument has given way to the result. */
bool registers_are_of_call(const struct user_regs_struct *now,
			   const struct user_regs_struct *given)
{
	return now->pc == given->pc && now->sp == given->sp &&
	       memcmp(&now->regs[1], &given->regs[1], 5 * sizeof(now->regs[0])) == 0;
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
