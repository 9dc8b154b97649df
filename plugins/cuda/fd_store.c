/* SPDX-License-Identifier: GPL-2.0-only */
#include "fd_store.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define PUT_MS 1000 /* for who takes, to make room */

/* One file on its way, and its key. */
struct parcel {
	struct msghdr message;
	struct iovec part;
	pid_t key;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
};

static void lay_out(struct parcel *parcel)
{
	memset(parcel, 0, sizeof(*parcel));
	parcel->part.iov_base = &parcel->key;
	parcel->part.iov_len = sizeof(parcel->key);
	parcel->message.msg_iov = &parcel->part;
	parcel->message.msg_iovlen = 1;
	parcel->message.msg_control = parcel->control.bytes;
	parcel->message.msg_controllen = sizeof(parcel->control.bytes);
}

int fd_store_open(struct fd_store *ret_store)
{
	int ends[2];

	*ret_store = (struct fd_store)FD_STORE_CLOSED;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;

	ret_store->in = ends[0];
	ret_store->out = ends[1];
	return 0;
}

void fd_store_close(struct fd_store *store)
{
	if (store->in >= 0)
		close(store->in);
	if (store->out >= 0)
		close(store->out);
	*store = (struct fd_store)FD_STORE_CLOSED;
}

static int send_now(int in, const struct msghdr *message)
{
	ssize_t sent;

	do {
		sent = sendmsg(in, message, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);

	if (sent >= 0)
		return 0;

	/* With files in it that were not taken the kernel says so first. */
	return errno == ECONNRESET ? -EPIPE : -errno;
}

static bool has_room(int in)
{
	struct pollfd room = { .fd = in, .events = POLLOUT };
	int ret;

	do {
		ret = poll(&room, 1, PUT_MS);
	} while (ret < 0 && errno == EINTR);

	return ret > 0;
}

int fd_store_put(struct fd_store *store, pid_t key, int fd)
{
	struct parcel parcel;
	struct cmsghdr *control;
	int ret;

	lay_out(&parcel);
	parcel.key = key;
	control = CMSG_FIRSTHDR(&parcel.message);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(control), &fd, sizeof(fd));

	ret = send_now(store->in, &parcel.message);
	if (ret == -EAGAIN && !store->is_stuck && has_room(store->in))
		ret = send_now(store->in, &parcel.message);
	store->is_stuck = ret == -EAGAIN;

	return ret;
}

int fd_store_take(int out, pid_t *ret_key, int *ret_fd)
{
	const struct cmsghdr *control;
	struct parcel parcel;
	ssize_t got;

	lay_out(&parcel);
	do {
		got = recvmsg(out, &parcel.message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	if (got <= 0)
		return got < 0 ? -errno : -EPIPE;

	control = CMSG_FIRSTHDR(&parcel.message);
	if (got != sizeof(parcel.key) || !control || control->cmsg_level != SOL_SOCKET ||
	    control->cmsg_type != SCM_RIGHTS)
		return -EBADMSG;

	*ret_key = parcel.key;
	memcpy(ret_fd, CMSG_DATA(control), sizeof(*ret_fd));
	return 0;
}
