/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranks that need each other, as those of NCCL do: the work in flight of one ends when
 * all have launched theirs. It runs on the simulated GPU only, which has a call for that.
 */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "app.h"
#include "app_family.h"
#include "app_memory.h"
#include "cuda_sim.h"

enum {
	TIGHT = 100, /* steps of a loop that does not wait for each */
	TIGHT_US = 300,
	TRAINING_US = 5000,
};

static const char about[] = "Ranks that launch one collective after the other on the "
			    "GPU, count in DIR/rank-0,\n"
			    "DIR/rank-1 and so on when they have waited for it, and "
			    "check their memory. This\n"
			    "program starts them without using CUDA, and counts on "
			    "stdout. SIGTERM ends\n"
			    "them all. On the simulated GPU only.";

static unsigned int ranks = 2, sync_steps = 1, work_us = UINT_MAX, gpus = 1, mib = 1,
		    interval = 100, counts;
static unsigned int rank = UINT_MAX; /* this program is not a rank */
static const char *dir;

static void launch_and_wait(CUstream stream, const char *name)
{
	for (unsigned int i = 0; i < sync_steps; i++)
		APP_CHECK(cuSimCollective(stream, name, rank, ranks, work_us));
	APP_CHECK(cuStreamSynchronize(stream));
}

static void be_rank(void)
{
	struct app_memory memory;
	CUstream stream;
	char name[32];

	snprintf(name, sizeof(name), "collective-%d", (int)getppid());
	app_cuda_start(rank % gpus);
	app_memory_init(&memory, mib);
	APP_CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
	for (unsigned int i = 0; !counts || i < counts; i++) {
		app_memory_advance(&memory);
		launch_and_wait(stream, name);
		app_say("count %u", app_memory_check(&memory));
	}
}

/* By exec, so that it is a process of its own kind, as torchrun starts them. */
static void become_rank(unsigned int i)
{
	const unsigned int values[] = {
		ranks, sync_steps, work_us, gpus, mib, counts, i
	};
	char numbers[7][16];
	const char *const argv[] = { "collective", "--dir",    dir,	   "--ranks",
				     numbers[0],   "--sync",   numbers[1], "--work",
				     numbers[2],   "--gpus",   numbers[3], "--mib",
				     numbers[4],   "--counts", numbers[5], "--rank",
				     numbers[6],   NULL };

	for (int j = 0; j < 7; j++)
		snprintf(numbers[j], sizeof(numbers[j]), "%u", values[j]);
	app_family_become(argv);
}

static void settle_defaults(void)
{
	if (work_us == UINT_MAX)
		work_us = sync_steps == 1 ? TRAINING_US : TIGHT_US;
	if (!sync_steps)
		sync_steps = TIGHT;
}

int main(int argc, char *argv[])
{
	const struct app_option options[] = {
		{ "dir", "where the ranks write; it has to be there", NULL, &dir },
		{ "ranks", "so many (2)", &ranks, NULL },
		{ "sync", "steps from one wait to the next; 0: 100 (1)", &sync_steps,
		  NULL },
		{ "work", "microseconds of each step (5000 with --sync 1, else 300)",
		  &work_us, NULL },
		{ "gpus", "rank I uses GPU I modulo this (1)", &gpus, NULL },
		{ "mib", "device memory of each rank (1)", &mib, NULL },
		{ "interval", "milliseconds between this program's counts (100)",
		  &interval, NULL },
		{ "counts", "end after so many; 0: never (0)", &counts, NULL },
		{ "rank", "be this rank: what this program starts", &rank, NULL },
		{ 0 },
	};

	app_options(argc, argv, about, options);
	if (!dir || !gpus)
		app_fail("collective: --dir is needed, and --gpus must not be 0");
	settle_defaults();
	if (rank != UINT_MAX) {
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
