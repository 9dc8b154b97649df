/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The listening socket that a process with CUDA shows: "@cuda-uvmfd-...".
 *
 * Nothing ever connects to it; it is there because the real one has it, closed
 * by a checkpoint and made again by a restore.
 */
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include "cleanup.h"

struct uvm_socket {
	struct sockaddr_un address;
	socklen_t length;
	int fd;
};

/* Make up the name and listen. Return: 0 or -errno. */
int uvm_socket_init(struct uvm_socket *uvm) must_check;

/* Listen, on the name that init made up. Takes no memory. Return: 0 or -errno. */
int uvm_socket_open(struct uvm_socket *uvm) must_check;

void uvm_socket_close(struct uvm_socket *uvm);
