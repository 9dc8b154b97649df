/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks from outside as a job of PyTorch with NCCL does. Its ranks share nothing: each
 * counts on the GPU for itself. Which variables of NCCL are set is the caller's choice.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app.h"
#include "app_family.h"
#include "app_memory.h"

static const char about[] = "Ranks that count on the GPU and say so in DIR/rank-0, "
			    "DIR/rank-1 and so on. Each\n"
			    "maps a file DIR/libnccl.so.2 and has a thread with the name "
			    "of PyTorch's watchdog.\n"
			    "This program starts them without using CUDA, and counts on "
			    "stdout. SIGTERM ends\n"
			    "them all.";

static unsigned int ranks = 2, gpus = 1, mib = 8, interval = 100, steps;
static unsigned int rank_gpu = UINT_MAX; /* this program is not a rank */
static const char *dir;

/* Whoever is first makes the file, and no one changes it. */
static void map_library(void)
{
	char path[4096];
	void *memory;
	int fd;

	snprintf(path, sizeof(path), "%s/libnccl.so.2", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0755);
	if (fd < 0 || ftruncate(fd, 4096) < 0)
		app_fail("%s: %s", path, strerror(errno));
	memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		app_fail("%s: %s", path, strerror(errno));
	close(fd);
}

static void *watchdog(void *unused)
{
	for (;;)
		pause();

	return unused;
}

static void be_rank(void)
{
	struct app_memory memory;
	pthread_t thread;
	int error;

	map_library();
	app_cuda_start(rank_gpu);
	error = pthread_create(&thread, NULL, watchdog, NULL);
	if (!error)
		error = pthread_setname_np(thread, "pt_nccl_watchdg");
	if (error)
		app_fail("watchdog: %s", strerror(error));
	app_memory_init(&memory, mib);
	app_memory_run(&memory, interval, steps);
}

/* By exec, so that it is a process of its own kind, as torchrun starts them. */
static void become_rank(unsigned int i)
{
	const unsigned int values[] = { mib, interval, steps, i % gpus };
	char numbers[4][16];
	const char *const argv[] = { "ranks",	 "--dir",      dir,	   "--mib",
				     numbers[0], "--interval", numbers[1], "--steps",
				     numbers[2], "--rank",     numbers[3], NULL };

	for (int j = 0; j < 4; j++)
		snprintf(numbers[j], sizeof(numbers[j]), "%u", values[j]);
	app_family_become(argv);
}

int main(int argc, char *argv[])
{
	const struct app_option options[] = {
		{ "dir", "where the ranks write; it has to be there", NULL, &dir },
		{ "ranks", "so many (2)", &ranks, NULL },
		{ "gpus", "rank I uses GPU I modulo this (1)", &gpus, NULL },
		{ "mib", "device memory of each rank (8)", &mib, NULL },
		{ "interval", "milliseconds between steps (100)", &interval, NULL },
		{ "steps", "end after so many; 0: never (0)", &steps, NULL },
		{ "rank", "be a rank, on this GPU: what this program starts", &rank_gpu,
		  NULL },
		{ 0 },
	};

	app_options(argc, argv, about, options);
	if (!dir || !gpus)
		app_fail("ranks: --dir is needed, and --gpus must not be 0");
	if (rank_gpu != UINT_MAX) {
		be_rank();
		return 0;
	}

	app_family_start();
	for (unsigned int i = 0; i < ranks; i++)
		if (app_family_fork(dir, "rank", i) == 0)
			become_rank(i);
	app_family_count(interval, false);
	return 0;
}
