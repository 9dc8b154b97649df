/* SPDX-License-Identifier: GPL-2.0-only */
#include "gpu_link.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

static CUresult receive(int socket_fd, struct gpu_answer *answer, int *ret_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = { answer, sizeof(*answer) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	ssize_t got;

	do
		got = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(header), sizeof(*ret_fd));
	return got == sizeof(*answer) ? CUDA_SUCCESS : CUDA_ERROR_OPERATING_SYSTEM;
}

static CUresult result_of(const struct gpu_answer *answer)
{
	if (answer->result == GPU_OUT_OF_MEMORY)
		return CUDA_ERROR_OUT_OF_MEMORY;
	return answer->result == GPU_OK ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/* *@ret_fd is written only if a descriptor came along. */
static CUresult ask(struct gpu_link *link, const struct gpu_request *request,
		    struct gpu_answer *answer, int *ret_fd)
{
	ssize_t sent;
	CUresult ret;

	do
		sent = send(link->fd, request, sizeof(*request), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return CUDA_ERROR_OPERATING_SYSTEM;
	ret = receive(link->fd, answer, ret_fd);
	return ret ? ret : result_of(answer);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

CUresult gpu_link_open(struct gpu_link *link, const char *path,
		       struct gpu_answer *ret_list)
{
	link->fd = *path ? connect_to(path) : -1;
	if (link->fd < 0)
		return CUDA_ERROR_NO_DEVICE;
	if (gpu_link_list(link, ret_list) || !ret_list->count ||
	    ret_list->count > GPU_MAX) {
		gpu_link_close(link);
		return CUDA_ERROR_NO_DEVICE;
	}
	return CUDA_SUCCESS;
}

void gpu_link_close(struct gpu_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

CUresult gpu_link_list(struct gpu_link *link, struct gpu_answer *ret_list)
{
	struct gpu_request request = { .kind = GPU_LIST };
	int none = -1;

	return ask(link, &request, ret_list, &none);
}

CUresult gpu_link_processes(struct gpu_link *link, uint32_t gpu, uint64_t first,
			    struct gpu_answer *ret_list)
{
	struct gpu_request request = { .kind = GPU_PROCESSES,
				       .gpu = gpu,
				       .first = first };
	int none = -1;

	return ask(link, &request, ret_list, &none);
}

CUresult gpu_link_allocate(struct gpu_link *link, uint32_t gpu, size_t bytes,
			   uint64_t *ret_handle, char **ret_mapping)
{
	struct gpu_request request = { .kind = GPU_ALLOCATE, .gpu = gpu, .bytes = bytes };
	struct gpu_answer answer;
	int autoclose fd = -1;
	CUresult ret = ask(link, &request, &answer, &fd);
	void *mapping;

	if (ret)
		return ret;
	mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapping == MAP_FAILED) {
		gpu_link_free(link, answer.handle, NULL, 0);
		return CUDA_ERROR_OUT_OF_MEMORY;
	}
	*ret_handle = answer.handle;
	*ret_mapping = mapping;
	return CUDA_SUCCESS;
}

CUresult gpu_link_free(struct gpu_link *link, uint64_t handle, char *mapping,
		       size_t bytes)
{
	struct gpu_request request = { .kind = GPU_FREE, .handle = handle };
	struct gpu_answer answer;
	int none = -1;

	if (mapping)
		munmap(mapping, bytes);
	return ask(link, &request, &answer, &none);
}

CUresult gpu_link_join(struct gpu_link *link, struct gpu_request *request,
		       uint64_t *ret_handle, const struct gpu_board **ret_board)
{
	struct gpu_answer answer;
	int autoclose fd = -1;
	const void *board;
	CUresult ret;

	request->kind = GPU_JOIN;
	ret = ask(link, request, &answer, &fd);
	if (ret)
		return ret;
	board = mmap(NULL, sizeof(**ret_board), PROT_READ, MAP_SHARED, fd, 0);
	if (board == MAP_FAILED)
		return CUDA_ERROR_OUT_OF_MEMORY;
	*ret_handle = answer.handle;
	*ret_board = board;
	return CUDA_SUCCESS;
}

CUresult gpu_link_launch(struct gpu_link *link, struct gpu_request *request)
{
	struct gpu_answer answer;
	int none = -1;

	request->kind = GPU_LAUNCH;
	return ask(link, request, &answer, &none);
}
