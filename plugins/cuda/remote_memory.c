/* SPDX-License-Identifier: GPL-2.0-only */
#include "remote_memory.h"

#include <errno.h>
#include <sys/uio.h>

typedef ssize_t transfer(pid_t pid, const struct iovec *here, unsigned long here_count,
			 const struct iovec *there, unsigned long there_count,
			 unsigned long flags);

static int copy(transfer *way, pid_t pid, uint64_t address, void *buffer, size_t size)
{
	const struct iovec here = { .iov_base = buffer, .iov_len = size };
	const struct iovec there = { .iov_base = (void *)(uintptr_t)address,
				     .iov_len = size };
	ssize_t done = way(pid, &here, 1, &there, 1, 0);

	if (done < 0)
		return -errno;

	return (size_t)done == size ? 0 : -EFAULT;
}

int remote_memory_read(pid_t pid, uint64_t address, void *buffer, size_t size)
{
	return copy(process_vm_readv, pid, address, buffer, size);
}

int remote_memory_write(pid_t pid, uint64_t address, const void *bytes, size_t size)
{
	return copy(process_vm_writev, pid, address, (void *)bytes, size);
}
