/* SPDX-License-Identifier: GPL-2.0-only */
#include <stddef.h>
#include <stdlib.h>

#include "app.h"
#include "app_memory.h"

static const char about[] =
	"Keep the GPU busy: queue a fill and many copies on a stream, sleep while they\n"
	"run, wait for them, check what came out, say \"count N\", and begin again.";

struct buffers {
	CUdeviceptr a, b;
	size_t bytes;
	uint32_t *host;
};

static void make_buffers(struct buffers *buffers, unsigned int mib)
{
	buffers->bytes = (size_t)mib << 20;
	buffers->host = malloc(buffers->bytes);
	if (!buffers->host)
		app_fail("no host memory");
	APP_CHECK(cuMemAlloc(&buffers->a, buffers->bytes));
	APP_CHECK(cuMemAlloc(&buffers->b, buffers->bytes));
	APP_CHECK(cuMemsetD8(buffers->b, 0, buffers->bytes));
}

static void queue_work(const struct buffers *buffers, uint32_t count, unsigned int depth,
		       CUstream stream)
{
	APP_CHECK(cuMemsetD32Async(buffers->a, count, buffers->bytes / sizeof(uint32_t),
				   stream));
	for (unsigned int i = 0; i < depth; i++) {
		CUdeviceptr from = i % 2 ? buffers->b : buffers->a;
		CUdeviceptr to = i % 2 ? buffers->a : buffers->b;

		APP_CHECK(cuMemcpyDtoDAsync(to, from, buffers->bytes, stream));
	}
}

static void check(const struct buffers *buffers, CUdeviceptr memory, uint32_t count)
{
	APP_CHECK(cuMemcpyDtoH(buffers->host, memory, buffers->bytes));
	for (size_t i = 0; i < buffers->bytes / sizeof(uint32_t); i++) {
		if (buffers->host[i] != count)
			app_fail("count %u: memory is wrong at byte %zu: %u", count,
				 i * sizeof(uint32_t), buffers->host[i]);
	}
}

int main(int argc, char *argv[])
{
	unsigned int mib = 16, depth = 8, interval = 50, gpu = 0, steps = 0;
	const struct app_option options[] = {
		{ "mib", "size of each of the two buffers (16)", &mib, NULL },
		{ "depth", "copies to queue at once (8)", &depth, NULL },
		{ "interval", "milliseconds to sleep while they run (50)", &interval,
		  NULL },
		{ "gpu", "the GPU to use (0)", &gpu, NULL },
		{ "steps", "end after so many; 0: never (0)", &steps, NULL },
		{ 0 },
	};
	struct buffers buffers;
	CUstream stream;

	app_options(argc, argv, about, options);
	app_cuda_start(gpu);
	make_buffers(&buffers, mib);
	APP_CHECK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
	for (uint32_t count = 1; !steps || count <= steps; count++) {
		queue_work(&buffers, count, depth, stream);
		app_sleep_ms(interval);
		APP_CHECK(cuStreamSynchronize(stream));
		check(&buffers, buffers.a, count);
		if (depth)
			check(&buffers, buffers.b, count);
		app_say("count %u", count);
	}
	return 0;
}
