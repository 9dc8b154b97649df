/* SPDX-License-Identifier: MIT */
#include "libcuda.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The driver's own words, for drivers without cuGetErrorString. */
static const struct {
	CUresult result;
	const char *text;
} error_texts[] = {
	{ CUDA_SUCCESS, "no error" },
	{ CUDA_ERROR_INVALID_VALUE, "invalid argument" },
	{ CUDA_ERROR_OUT_OF_MEMORY, "out of memory" },
	{ CUDA_ERROR_NOT_INITIALIZED, "initialization error" },
	{ CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected" },
	{ CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal" },
	{ CUDA_ERROR_INVALID_CONTEXT, "invalid device context" },
	{ CUDA_ERROR_OPERATING_SYSTEM,
	  "OS call failed or operation not supported on this OS" },
	{ CUDA_ERROR_ILLEGAL_STATE,
	  "the operation cannot be performed in the present state" },
	{ CUDA_ERROR_NOT_READY, "device not ready" },
	{ CUDA_ERROR_NOT_PERMITTED, "operation not permitted" },
	{ CUDA_ERROR_NOT_SUPPORTED, "operation not supported" },
	{ CUDA_ERROR_UNKNOWN, "unknown error" },
};

const char *libcuda_error_text(struct libcuda *libcuda, CUresult result)
{
	const char *text = NULL;

	if (libcuda->cuGetErrorString &&
	    libcuda->cuGetErrorString(result, &text) == CUDA_SUCCESS && text)
		return text;

	for (size_t i = 0; i < ARRAY_SIZE(error_texts); i++)
		if (error_texts[i].result == result)
			return error_texts[i].text;

	snprintf(libcuda->unnamed_error, sizeof(libcuda->unnamed_error), "error %d",
		 (int)result);
	return libcuda->unnamed_error;
}

static void load_symbols(void *library, struct libcuda *ret_libcuda)
{
#define LOAD(symbol) ret_libcuda->symbol = (__typeof__(symbol) *)dlsym(library, #symbol);
	LIBCUDA_REQUIRED(LOAD)
	LIBCUDA_OPTIONAL(LOAD)
#undef LOAD
}

static bool is_complete(const struct libcuda *libcuda)
{
#define AND_HAS(symbol) &&libcuda->symbol
	return true LIBCUDA_REQUIRED(AND_HAS);
#undef AND_HAS
}

static int refuse_driver(const struct libcuda *libcuda,
			 char ret_reason[LIBCUDA_REASON_SIZE])
{
	int version = 0;

	if (libcuda->cuDriverGetVersion)
		(void)libcuda->cuDriverGetVersion(&version);

	snprintf(ret_reason, LIBCUDA_REASON_SIZE,
		 "this NVIDIA driver (CUDA %d.%d) has no checkpoint functions: "
		 "driver r570 (CUDA 12.8) or newer is needed",
		 version / 1000, version % 1000 / 10);
	return -ENOSYS;
}

int libcuda_load(struct libcuda *ret_libcuda, char ret_reason[LIBCUDA_REASON_SIZE])
{
	struct libcuda libcuda = { .unnamed_error = "" };
	void *library;

	library = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
	if (!library) {
		snprintf(ret_reason, LIBCUDA_REASON_SIZE,
			 "cannot load libcuda.so.1, the NVIDIA driver is needed: %s",
			 dlerror());
		return -ENOENT;
	}

	load_symbols(library, &libcuda);
	if (!is_complete(&libcuda))
		return refuse_driver(&libcuda, ret_reason);

	*ret_libcuda = libcuda;
	return 0;
}

int libcuda_open(struct libcuda *ret_libcuda)
{
	char reason[LIBCUDA_REASON_SIZE];
	int ret;

	ret = libcuda_load(ret_libcuda, reason);
	if (ret < 0)
		fprintf(stderr, "cuda-checkpoint: %s\n", reason);

	return ret;
}
