/* SPDX-License-Identifier: GPL-2.0-only */
#include "list.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "protocol.h"

static int ask(const char *path, struct gpu_answer *ret_answer)
{
	int autoclose fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct gpu_request request = { .kind = GPU_LIST };
	ssize_t got;

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return -errno;
	got = recv(fd, ret_answer, sizeof(*ret_answer), 0);
	if (got < 0)
		return -errno;
	return got == sizeof(*ret_answer) ? 0 : -EPROTO;
}

static void print_uuid(const unsigned char *uuid)
{
	printf("GPU");
	for (int i = 0; i < 16; i++)
		printf(i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
		       uuid[i]);
}

int list_print(const char *path)
{
	struct gpu_answer answer = { 0 };
	int ret = ask(path, &answer);

	if (ret) {
		fprintf(stderr, "gpu-sim: %s: %s\n", path, strerror(-ret));
		return ret;
	}
	for (uint32_t i = 0; i < answer.count && i < GPU_MAX; i++) {
		const struct gpu_info *gpu = &answer.gpus[i];

		print_uuid(gpu->uuid);
		printf(" %" PRIu64 " %" PRIu64 "\n", (gpu->bytes - gpu->free_bytes) >> 20,
		       gpu->bytes >> 20);
	}
	return 0;
}
