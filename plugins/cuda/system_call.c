/* SPDX-License-Identifier: GPL-2.0-only */
#include "system_call.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define INSTRUCTION_MAX 16

int system_call_read(pid_t tid, struct system_call *ret_call)
{
	struct __ptrace_syscall_info info = { .op = PTRACE_SYSCALL_INFO_NONE };
	struct system_call call = { .is_entry = false };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof(info), &info) < 0)
		return -errno;

	call.is_entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
	call.is_exit = info.op == PTRACE_SYSCALL_INFO_EXIT;
	if (call.is_entry) {
		call.is_native = info.arch == registers_audit_arch;
		call.number = info.entry.nr;
		call.return_address = info.instruction_pointer;
		for (int i = 0; i < 6; i++)
			call.arguments[i] = info.entry.args[i];
	} else if (call.is_exit) {
		call.result = info.exit.rval;
		call.has_failed = info.exit.is_error;
	}

	*ret_call = call;
	return 0;
}

/* A signal that somebody sends cannot have this code, nor has a trap on these machines.
 */
bool system_call_is_plain_stop(pid_t tid, int status)
{
	siginfo_t info;

	return status >> 8 == SIGTRAP &&
	       ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) == 0 &&
	       info.si_code == SIGTRAP;
}

bool system_call_is_made_before(pid_t tid, uint64_t return_address)
{
	const size_t size = registers_instruction_size;
	unsigned char found[INSTRUCTION_MAX];
	struct iovec here = { .iov_base = found, .iov_len = size };
	struct iovec there = { .iov_len = size };

	there.iov_base = (void *)(uintptr_t)(return_address - size);
	return process_vm_readv(tid, &here, 1, &there, 1, 0) == (ssize_t)size &&
	       memcmp(found, registers_instruction, size) == 0;
}

int system_call_read_registers(pid_t tid, struct user_regs_struct *ret_registers)
{
	struct user_regs_struct registers;
	struct iovec set = { .iov_base = &registers, .iov_len = sizeof(registers) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &set) < 0)
		return -errno;

	*ret_registers = registers;
	return 0;
}

int system_call_write_registers(pid_t tid, const struct user_regs_struct *registers)
{
	struct user_regs_struct written = *registers;
	struct iovec set = { .iov_base = &written, .iov_len = sizeof(written) };

	if (ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &set) < 0)
		return -errno;

	return 0;
}

/*
 * The number last: should we die between the two, the thread makes its own call with our
 * arguments, which is to be harmless, and registers_are_of_call() says what it was.
 */
int system_call_replace(pid_t tid, const struct user_regs_struct *registers,
			uint64_t number)
{
	int written = (int)number;
	struct iovec set = { .iov_base = &written, .iov_len = sizeof(written) };
	int ret;

	ret = system_call_write_registers(tid, registers);
	if (ret || !registers_number_set)
		return ret;

	if (ptrace(PTRACE_SETREGSET, tid, (void *)(intptr_t)registers_number_set, &set) <
	    0)
		return -errno;

	return 0;
}
