/* SPDX-License-Identifier: GPL-2.0-only */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

#include "app.h"
#include "app_memory.h"

static const char about[] =
	"Many threads: of each four, two count on the GPU, each in memory of its own,\n"
	"one computes and one sleeps. \"count N\" when all of them have done round N.";

/* Every thread works between two meetings; between rounds the main one speaks. */
static pthread_barrier_t meeting;
static unsigned int mib = 2, interval = 20;

/* malloc, so that threads are also to be found inside of it. */
static void compute(unsigned int round)
{
	for (unsigned int i = 1; i < 2000; i++)
		free(malloc(i * (round % 16 + 1)));
}

static void *count_on_gpu(void *unused)
{
	struct app_memory memory;

	(void)unused;
	app_cuda_join();
	app_memory_init(&memory, mib);
	for (uint32_t round = 1;; round++) {
		pthread_barrier_wait(&meeting);
		app_memory_advance(&memory);
		if (app_memory_check(&memory) != round)
			app_fail("round %u: the count on the GPU is wrong", round);
		pthread_barrier_wait(&meeting);
	}
	return NULL;
}

static void *count_without_gpu(void *how)
{
	for (unsigned int round = 1;; round++) {
		pthread_barrier_wait(&meeting);
		if (how)
			compute(round);
		else
			app_sleep_ms(interval / 2);
		pthread_barrier_wait(&meeting);
	}
	return NULL;
}

static void start_thread(unsigned int i)
{
	static int computing;
	pthread_t thread;
	int ret;

	if (i % 2 == 0)
		ret = pthread_create(&thread, NULL, count_on_gpu, NULL);
	else
		ret = pthread_create(&thread, NULL, count_without_gpu,
				     i % 4 == 1 ? &computing : NULL);
	if (ret)
		app_fail("cannot start thread %u", i);
}

int main(int argc, char *argv[])
{
	unsigned int threads = 16, gpu = 0, steps = 0;
	const struct app_option options[] = {
		{ "threads", "how many, apart from the main one (16)", &threads, NULL },
		{ "mib", "device memory for each that counts on the GPU (2)", &mib,
		  NULL },
		{ "interval", "milliseconds between rounds (20)", &interval, NULL },
		{ "gpu", "the GPU to use (0)", &gpu, NULL },
		{ "steps", "end after so many; 0: never (0)", &steps, NULL },
		{ 0 },
	};

	app_options(argc, argv, about, options);
	app_cuda_start(gpu);
	pthread_barrier_init(&meeting, NULL, threads + 1);
	for (unsigned int i = 0; i < threads; i++)
		start_thread(i);
	for (unsigned int round = 1; !steps || round <= steps; round++) {
		pthread_barrier_wait(&meeting);
		pthread_barrier_wait(&meeting);
		app_say("count %u", round);
		app_sleep_ms(interval);
	}
	return 0;
}
