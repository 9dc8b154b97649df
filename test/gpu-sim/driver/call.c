/* SPDX-License-Identifier: GPL-2.0-only */
#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "target.h"

static int open_pipe(int pid, unsigned int number, int flags)
{
	char path[64];
	struct stat what;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/%u", pid, number);
	if (stat(path, &what) < 0 || !S_ISFIFO(what.st_mode))
		return -1;
	fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
	return fd;
}

/* Return: whether the process still lives after waiting for @events on @fd. */
static bool wait_while_alive(int process, int fd, short events, int timeout_ms)
{
	struct pollfd polls[] = { { fd, events, 0 }, { process, POLLIN, 0 } };

	poll(polls, 2, timeout_ms);
	return !polls[1].revents;
}

/*
 * A pipe opened anew through /proc is an open file of its own, so that locks on
 * it exclude each other, and a lock ends with its owner.
 */
static CUresult take_turn(int process, int requests)
{
	while (flock(requests, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return CUDA_ERROR_OPERATING_SYSTEM;
		if (!wait_while_alive(process, -1, 0, 1))
			return CUDA_ERROR_OPERATING_SYSTEM;
	}
	return CUDA_SUCCESS;
}

static CUresult send_request(int process, int requests, const struct request *request)
{
	while (write(requests, request, sizeof(*request)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return CUDA_ERROR_OPERATING_SYSTEM;
		if (!wait_while_alive(process, requests, POLLOUT, -1))
			return CUDA_ERROR_OPERATING_SYSTEM;
	}
	return CUDA_SUCCESS;
}

/* Answers to callers that were killed come first; they are dropped. */
static CUresult receive_answer(int process, int answers, uint64_t id,
			       struct answer *ret_answer)
{
	bool alive = true;

	for (;;) {
		ssize_t got = read(answers, ret_answer, sizeof(*ret_answer));

		if (got == sizeof(*ret_answer)) {
			if (ret_answer->id == id)
				return CUDA_SUCCESS;
		} else if (!alive || got == 0 || (errno != EAGAIN && errno != EINTR)) {
			return CUDA_ERROR_OPERATING_SYSTEM;
		} else {
			alive = wait_while_alive(process, answers, POLLIN, -1);
		}
	}
}

/*
 * The request pipe is opened for reading too: then it always has a reader, and
 * a write to a process that just died raises no SIGPIPE in ours.
 */
static CUresult talk(const struct target *target, const struct request *request,
		     struct answer *ret_answer)
{
	int autoclose process = (int)syscall(SYS_pidfd_open, target->pid, 0);
	int autoclose requests = open_pipe(target->pid, target->request_fd, O_RDWR);
	int autoclose answers = open_pipe(target->pid, target->answer_fd, O_RDONLY);
	CUresult ret;

	if (process < 0 || requests < 0 || answers < 0)
		return CUDA_ERROR_OPERATING_SYSTEM;
	ret = take_turn(process, requests);
	if (!ret)
		ret = send_request(process, requests, request);
	if (!ret)
		ret = receive_answer(process, answers, request->id, ret_answer);
	return ret;
}

CUresult call(int pid, struct request *request, CUprocessState *ret_state)
{
	struct target target;
	struct answer answer;
	CUresult ret = target_find(pid, &target);

	if (ret)
		return ret;
	if (getrandom(&request->id, sizeof(request->id), 0) != sizeof(request->id))
		return CUDA_ERROR_OPERATING_SYSTEM;
	ret = talk(&target, request, &answer);
	if (ret)
		return ret;
	*ret_state = (CUprocessState)answer.state;
	return (CUresult)answer.result;
}
