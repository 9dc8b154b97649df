/* SPDX-License-Identifier: GPL-2.0-only */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

void client_init(struct client *client, int fd)
{
	struct ucred who = { .pid = 0 };
	socklen_t size = sizeof(who);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size);
	*client = (struct client){ .fd = fd, .pid = who.pid };
}

void client_release(struct client *client, struct gpus *gpus)
{
	for (size_t i = 0; i < client->count; i++)
		gpus_give(gpus, client->blocks[i].gpu, client->blocks[i].bytes);
	for (size_t i = 0; i < client->joined_count; i++)
		collectives_leave(&gpus->collectives, client->joined[i]);
	free(client->blocks);
	close(client->fd);
}

static int keep(struct client *client, const struct block *block)
{
	struct block *more;

	more = reallocarray(client->blocks, client->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	client->blocks = more;
	client->blocks[client->count++] = *block;
	return 0;
}

static int make_memory(uint64_t bytes)
{
	int fd = memfd_create("simulated-gpu", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)bytes) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static uint64_t whole_pages(uint64_t bytes)
{
	const uint64_t page = 4096;

	return bytes > UINT64_MAX - page ? bytes : (bytes + page - 1) / page * page;
}

/* The memfd goes to the client; here only the account of it is kept. */
static enum gpu_result allocate(struct client *client, struct gpus *gpus,
				const struct gpu_request *request, int *ret_fd)
{
	struct block block = {
		.handle = client->last_handle + 1,
		.bytes = whole_pages(request->bytes),
		.gpu = request->gpu,
	};
	enum gpu_result result = gpus_take(gpus, block.gpu, block.bytes);
	int fd;

	if (result != GPU_OK)
		return result;
	fd = make_memory(block.bytes);
	if (fd < 0 || keep(client, &block) < 0) {
		gpus_give(gpus, block.gpu, block.bytes);
		if (fd >= 0)
			close(fd);
		return GPU_OUT_OF_MEMORY;
	}
	client->last_handle = block.handle;
	*ret_fd = fd;
	return GPU_OK;
}

static enum gpu_result release(struct client *client, struct gpus *gpus, uint64_t handle)
{
	for (size_t i = 0; i < client->count; i++) {
		if (client->blocks[i].handle != handle)
			continue;
		gpus_give(gpus, client->blocks[i].gpu, client->blocks[i].bytes);
		client->blocks[i] = client->blocks[--client->count];
		return GPU_OK;
	}
	return GPU_INVALID;
}

static enum gpu_result join(struct client *client, struct gpus *gpus,
			    const struct gpu_request *request, uint64_t *ret_handle,
			    int *ret_fd)
{
	enum gpu_result result;

	if (client->joined_count == GPU_COLLECTIVES_MAX)
		return GPU_OUT_OF_MEMORY;
	result = collectives_join(&gpus->collectives, request, ret_handle, ret_fd);
	if (result == GPU_OK)
		client->joined[client->joined_count++] = *ret_handle;
	return result;
}

static enum gpu_result launch(const struct client *client, struct gpus *gpus,
			      const struct gpu_request *request)
{
	for (size_t i = 0; i < client->joined_count; i++)
		if (client->joined[i] == request->handle)
			return collectives_launch(&gpus->collectives, request);
	return GPU_INVALID;
}

static uint64_t bytes_on(const struct client *client, uint32_t gpu)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < client->count; i++)
		bytes += client->blocks[i].gpu == gpu ? client->blocks[i].bytes : 0;
	return bytes;
}

static void list_processes(const struct client *clients, size_t count,
			   const struct gpu_request *request, struct gpu_answer *answer)
{
	uint64_t left_out = 0;

	for (size_t i = 0; i < count && answer->count < GPU_PROCESSES_MAX; i++) {
		uint64_t bytes = bytes_on(&clients[i], request->gpu);

		if (!bytes || left_out++ < request->first)
			continue;
		answer->processes[answer->count++] =
			(struct gpu_process){ (uint64_t)clients[i].pid, bytes };
	}
}

static void answer_to(struct client *client, struct gpus *gpus,
		      const struct gpu_request *request, struct gpu_answer *answer,
		      int *ret_fd)
{
	switch (request->kind) {
	case GPU_LIST:
		answer->count = gpus->count;
		memcpy(answer->gpus, gpus->list, sizeof(answer->gpus));
		break;
	case GPU_ALLOCATE:
		answer->result = allocate(client, gpus, request, ret_fd);
		answer->handle = client->last_handle;
		break;
	case GPU_FREE:
		answer->result = release(client, gpus, request->handle);
		break;
	case GPU_JOIN:
		answer->result = join(client, gpus, request, &answer->handle, ret_fd);
		break;
	case GPU_LAUNCH:
		answer->result = launch(client, gpus, request);
		break;
	default:
		answer->result = GPU_INVALID;
	}
}

static int send_answer(int socket_fd, const struct gpu_answer *answer, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS,
				  .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec data = { (void *)answer, sizeof(*answer) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int client_serve(struct client *client, struct gpus *gpus, const struct client *clients,
		 size_t count)
{
	int autoclose fd = -1;
	struct gpu_request request;
	struct gpu_answer answer;
	ssize_t got = recv(client->fd, &request, sizeof(request), MSG_TRUNC);

	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (got != sizeof(request))
		return -EPROTO;
	memset(&answer, 0, sizeof(answer));
	if (request.kind == GPU_PROCESSES)
		list_processes(clients, count, &request, &answer);
	else
		answer_to(client, gpus, &request, &answer, &fd);
	return send_answer(client->fd, &answer, fd);
}
