/* SPDX-License-Identifier: GPL-2.0-only */
#include "uvm_socket.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

/* The pid namespace is in the name: containers share the abstract names. */
int uvm_socket_init(struct uvm_socket *uvm)
{
	char *name = uvm->address.sun_path + 1;
	struct stat pid_namespace = { 0 };
	int length;

	stat("/proc/self/ns/pid", &pid_namespace);
	uvm->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	length = snprintf(name, sizeof(uvm->address.sun_path) - 1, "cuda-uvmfd-%lu-%d",
			  (unsigned long)pid_namespace.st_ino, getpid());
	uvm->length =
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
	return uvm_socket_open(uvm);
}

int uvm_socket_open(struct uvm_socket *uvm)
{
	int ret;

	uvm->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (uvm->fd < 0)
		return -errno;
	if (bind(uvm->fd, (struct sockaddr *)&uvm->address, uvm->length) < 0 ||
	    listen(uvm->fd, 1) < 0) {
		ret = -errno;
		uvm_socket_close(uvm);
		return ret;
	}
	return 0;
}

void uvm_socket_close(struct uvm_socket *uvm)
{
	if (uvm->fd >= 0)
		close(uvm->fd);
	uvm->fd = -1;
}
