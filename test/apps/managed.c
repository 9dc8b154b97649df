/* SPDX-License-Identifier: GPL-2.0-only */
#include "app.h"
#include "app_memory.h"

static const char about[] =
	"Count on the GPU as counter does, with a piece of managed memory beside it,\n"
	"which the GPU writes and the program reads. The driver cannot checkpoint that.";

#define MANAGED_WORDS (256UL << 10)

/* At one address for the GPU and for the program. */
static CUdeviceptr managed;

static void managed_init(void)
{
	APP_CHECK(cuMemAllocManaged(&managed, MANAGED_WORDS * sizeof(uint32_t),
				    CU_MEM_ATTACH_GLOBAL));
	APP_CHECK(cuMemsetD32(managed, 0, MANAGED_WORDS));
	APP_CHECK(cuCtxSynchronize());
}

static void managed_check(uint32_t count)
{
	const volatile uint32_t *words = (const uint32_t *)(uintptr_t)managed;

	for (size_t i = 0; i < MANAGED_WORDS; i++) {
		if (words[i] != count)
			app_fail("count %u: managed memory is wrong at byte %zu: %08x",
				 count, i * sizeof(*words), words[i]);
	}
}

static void managed_advance(uint32_t count)
{
	APP_CHECK(cuMemsetD32(managed, count, MANAGED_WORDS));
	APP_CHECK(cuCtxSynchronize());
}

int main(int argc, char *argv[])
{
	unsigned int mib = 64, interval = 100, gpu = 0, steps = 0;
	const struct app_option options[] = {
		{ "mib", "device memory to fill and check (64)", &mib, NULL },
		{ "interval", "milliseconds between steps (100)", &interval, NULL },
		{ "gpu", "the GPU to use (0)", &gpu, NULL },
		{ "steps", "end after so many; 0: never (0)", &steps, NULL },
		{ 0 },
	};
	struct app_memory memory;
	uint32_t count;

	app_options(argc, argv, about, options);
	app_cuda_start(gpu);
	app_memory_init(&memory, mib);
	managed_init();
	for (unsigned int step = 0; !steps || step < steps; step++) {
		app_memory_advance(&memory);
		managed_advance(step + 1);
		app_sleep_ms(interval);
		count = app_memory_check(&memory);
		managed_check(count);
		app_say("count %u", count);
	}
	return 0;
}
