/* SPDX-License-Identifier: GPL-2.0-only */
#include "restore_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

/* One write makes a request, so one read gets it, once it is not interrupted. */
static void read_request(int fd, struct request *request)
{
	while (read(fd, request, sizeof(*request)) != sizeof(*request))
		;
}

static void write_answer(int fd, const struct answer *answer)
{
	while (write(fd, answer, sizeof(*answer)) < 0 && errno == EINTR)
		;
}

static void name_itself(const struct restore_thread *thread)
{
	char name[CHANNEL_NAME_LENGTH + 1];

	snprintf(name, sizeof(name), CHANNEL_NAME_FORMAT,
		 (unsigned int)thread->requests[0] & 0xfffff,
		 (unsigned int)thread->answers[1] & 0xffffff);
	prctl(PR_SET_NAME, name);
}

static void *run(void *argument)
{
	struct restore_thread *thread = argument;

	name_itself(thread);
	sem_post(&thread->named);
	for (;;) {
		struct request request;
		struct answer answer = { 0 };

		read_request(thread->requests[0], &request);
		answer.id = request.id;
		thread->serve(&request, &answer);
		write_answer(thread->answers[1], &answer);
	}
	return NULL;
}

static int create(struct restore_thread *thread)
{
	sigset_t all, before;
	pthread_t id;
	int ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ret = pthread_create(&id, NULL, run, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ret)
		return -ret;
	pthread_detach(id);
	return 0;
}

static void close_pipe(int *ends)
{
	close(ends[0]);
	close(ends[1]);
}

int restore_thread_start(struct restore_thread *thread, restore_thread_serve *serve)
{
	int ret;

	thread->serve = serve;
	if (pipe2(thread->requests, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(thread->answers, O_CLOEXEC) < 0) {
		ret = -errno;
		close_pipe(thread->requests);
		return ret;
	}
	sem_init(&thread->named, 0, 0);
	ret = create(thread);
	if (ret) {
		close_pipe(thread->requests);
		close_pipe(thread->answers);
		return ret;
	}
	while (sem_wait(&thread->named) < 0)
		;
	return 0;
}
