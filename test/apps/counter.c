/* SPDX-License-Identifier: GPL-2.0-only */
#include "app.h"
#include "app_memory.h"

static const char about[] = "Count on the GPU, and check all of its memory at each step.";

int main(int argc, char *argv[])
{
	unsigned int mib = 64, interval = 100, gpu = 0, steps = 0;
	struct app_memory_content content = { 0 };
	const struct app_option options[] = {
		{ "mib", "device memory to fill and check (64)", &mib, NULL },
		{ "zeros", "percent of it that are zeros (0)", &content.zeros, NULL },
		{ "alike", "2 to this power of words in a row are the same (0)",
		  &content.alike, NULL },
		{ "interval", "milliseconds between steps (100)", &interval, NULL },
		{ "gpu", "the GPU to use (0)", &gpu, NULL },
		{ "steps", "end after so many; 0: never (0)", &steps, NULL },
		{ 0 },
	};
	struct app_memory memory;

	app_options(argc, argv, about, options);
	if (content.zeros > 100)
		app_fail("counter: --zeros is a percentage");
	app_cuda_start(gpu);
	app_memory_init_with(&memory, mib, &content);
	app_memory_run(&memory, interval, steps);
	return 0;
}
