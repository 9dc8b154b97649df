/* SPDX-License-Identifier: GPL-2.0-only */
#include <signal.h>
#include <stddef.h>

#include "app.h"
#include "app_memory.h"

static const char about[] =
	"Live without CUDA, saying \"waiting N\", until SIGUSR1 or --after;\n"
	"then initialise CUDA and count as counter does.";

static volatile sig_atomic_t called;

static void on_signal(int signal_number)
{
	(void)signal_number;
	called = 1;
}

static void wait_for_the_call(unsigned int after_ms)
{
	const unsigned int tick_ms = 10, ticks_per_line = 10;

	for (unsigned int i = 0; !called && (!after_ms || i * tick_ms < after_ms); i++) {
		if (i % ticks_per_line == 0)
			app_say("waiting %u", i / ticks_per_line);
		app_sleep_ms(tick_ms);
	}
}

int main(int argc, char *argv[])
{
	unsigned int after = 0, mib = 64, interval = 100, gpu = 0, steps = 0;
	const struct app_option options[] = {
		{ "after", "milliseconds to wait; 0: for SIGUSR1 only (0)", &after,
		  NULL },
		{ "mib", "device memory to fill and check (64)", &mib, NULL },
		{ "interval", "milliseconds between steps (100)", &interval, NULL },
		{ "gpu", "the GPU to use (0)", &gpu, NULL },
		{ "steps", "end after so many; 0: never (0)", &steps, NULL },
		{ 0 },
	};
	struct app_memory memory;

	signal(SIGUSR1, on_signal);
	app_options(argc, argv, about, options);
	wait_for_the_call(after);
	app_cuda_start(gpu);
	app_memory_init(&memory, mib);
	app_memory_run(&memory, interval, steps);
	return 0;
}
