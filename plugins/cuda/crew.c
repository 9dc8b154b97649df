/* SPDX-License-Identifier: GPL-2.0-only */
#include "crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

struct crew {
	const struct crew_work *work;
	pthread_mutex_t mutex; /* of all below */
	uint64_t next;
	int error; /* of the first piece that failed */
	char *reason;
};

struct hand {
	struct crew *crew;
	unsigned int number;
	pthread_t thread;
};

unsigned int crew_hands(unsigned int wanted, uint64_t count)
{
	uint64_t hands = wanted < CREW_HANDS_MAX ? wanted : CREW_HANDS_MAX;

	if (hands > count)
		hands = count;
	return hands ? (unsigned int)hands : 1;
}

static bool take(struct crew *crew, uint64_t *ret_number)
{
	bool taken;

	pthread_mutex_lock(&crew->mutex);
	taken = !crew->error && crew->next < crew->work->count;
	if (taken)
		*ret_number = crew->next++;
	pthread_mutex_unlock(&crew->mutex);

	return taken;
}

static void fail(struct crew *crew, int error, const char reason[REASON_MAX])
{
	pthread_mutex_lock(&crew->mutex);
	if (!crew->error) {
		crew->error = error;
		memcpy(crew->reason, reason, REASON_MAX);
	}
	pthread_mutex_unlock(&crew->mutex);
}

static void *do_pieces(void *argument)
{
	const struct hand *hand = argument;
	const struct crew_work *work = hand->crew->work;
	char reason[REASON_MAX] = "";
	uint64_t number;

	while (take(hand->crew, &number)) {
		int ret = work->piece(work->subject, hand->number, number, reason);

		if (ret < 0)
			fail(hand->crew, ret, reason);
	}

	return NULL;
}

/* Return: how many there are besides the caller's own, hand 0. */
static unsigned int start(struct hand hands[CREW_HANDS_MAX], unsigned int count)
{
	unsigned int started = 1;
	sigset_t all, old;

	/* A thread inherits the mask: the host's signals stay the host's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (started < count && pthread_create(&hands[started].thread, NULL, do_pieces,
						 &hands[started]) == 0)
		started++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);

	return started;
}

int crew_run(const struct crew_work *work, unsigned int hands,
	     char ret_reason[REASON_MAX])
{
	struct crew crew = { .work = work,
			     .mutex = PTHREAD_MUTEX_INITIALIZER,
			     .reason = ret_reason };
	struct hand all[CREW_HANDS_MAX];
	unsigned int started;

	for (unsigned int i = 0; i < CREW_HANDS_MAX; i++)
		all[i] = (struct hand){ .crew = &crew, .number = i };

	started = start(all, hands);
	do_pieces(&all[0]);
	while (started > 1)
		pthread_join(all[--started].thread, NULL);

	return crew.error;
}
