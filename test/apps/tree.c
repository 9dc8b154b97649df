/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Uses no CUDA itself, and does not load it either: its CUDA children are the
 * program "counter" beside it.
 */
#include <stdio.h>
#include <unistd.h>

#include "app.h"
#include "app_family.h"

static const char about[] =
	"A family: children that count on the GPU and say so in DIR/cuda-0, DIR/cuda-1\n"
	"and so on, children that count without one in DIR/plain-0 and so on, and this\n"
	"program, which counts on stdout. SIGTERM ends them all.";

static unsigned int cuda = 2, plain = 2, gpus = 1, mib = 8, zeros, interval = 100, steps,
		    bereaved;
static const char *dir;

static void count_plainly(void)
{
	for (unsigned int count = 1; !steps || count <= steps; count++) {
		app_sleep_ms(interval);
		app_say("count %u", count);
	}
	_exit(0);
}

static void become_counter(unsigned int i)
{
	const unsigned int values[] = { mib, zeros, interval, steps, i % gpus };
	char numbers[5][16];
	const char *const argv[] = { "counter",	 "--mib",      numbers[0], "--zeros",
				     numbers[1], "--interval", numbers[2], "--steps",
				     numbers[3], "--gpu",      numbers[4], NULL };

	for (int j = 0; j < 5; j++)
		snprintf(numbers[j], sizeof(numbers[j]), "%u", values[j]);
	app_family_become(argv);
}

int main(int argc, char *argv[])
{
	const struct app_option options[] = {
		{ "dir", "where the children write; it has to be there", NULL, &dir },
		{ "cuda", "children that use CUDA (2)", &cuda, NULL },
		{ "plain", "children that do not (2)", &plain, NULL },
		{ "gpus", "CUDA child I uses GPU I modulo this (1)", &gpus, NULL },
		{ "mib", "device memory of each CUDA child (8)", &mib, NULL },
		{ "zeros", "percent of it that are zeros (0)", &zeros, NULL },
		{ "interval", "milliseconds between steps (100)", &interval, NULL },
		{ "steps", "end after so many; 0: never (0)", &steps, NULL },
		{ "bereaved", "1: go on when a child was killed (0)", &bereaved, NULL },
		{ 0 },
	};

	app_options(argc, argv, about, options);
	if (!dir || !gpus)
		app_fail("tree: --dir is needed, and --gpus must not be 0");
	app_family_start();
	for (unsigned int i = 0; i < cuda; i++)
		if (app_family_fork(dir, "cuda", i) == 0)
			become_counter(i);
	for (unsigned int i = 0; i < plain; i++)
		if (app_family_fork(dir, "plain", i) == 0)
			count_plainly();
	app_family_count(interval, bereaved);
	return 0;
}
