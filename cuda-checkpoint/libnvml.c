/* SPDX-License-Identifier: MIT */
#include "libnvml.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>

static void load_symbols(void *library, struct libnvml *ret_libnvml)
{
#define LOAD(symbol) ret_libnvml->symbol = (__typeof__(symbol) *)dlsym(library, #symbol);
	LIBNVML_REQUIRED(LOAD)
#undef LOAD
}

static bool is_complete(const struct libnvml *libnvml)
{
#define AND_HAS(symbol) &&libnvml->symbol
	return true LIBNVML_REQUIRED(AND_HAS);
#undef AND_HAS
}

int libnvml_open(struct libnvml *ret_libnvml)
{
	struct libnvml libnvml;
	void *library;

	library = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
	if (!library) {
		fprintf(stderr,
			"cuda-checkpoint: cannot load libnvidia-ml.so.1, the NVIDIA "
			"driver with NVML is needed: %s\n",
			dlerror());
		return -ENOENT;
	}

	load_symbols(library, &libnvml);
	if (!is_complete(&libnvml)) {
		fprintf(stderr, "cuda-checkpoint: this NVIDIA driver's NVML does not "
				"list processes: driver r510 or newer is needed\n");
		return -ENOSYS;
	}

	*ret_libnvml = libnvml;
	return 0;
}
