/* SPDX-License-Identifier: MIT */
/*
 * The NVIDIA driver's library, libcuda.so.1, found at run time.
 *
 * libcuda_open() once; then the functions are called through the struct, under
 * their own names. Nothing is initialised by that: cuInit takes up to a second,
 * and whether it is worth it is the caller's choice.
 *
 * The library is never closed. Its destructors run when the process ends, and
 * nothing would follow a dlclose but that.
 */
#pragma once

#include "cleanup.h"
#include "cuda_abi.h"

/*
 * Without these there is no checkpointing. They have no versioned names, so
 * that dlsym finds the right one (cuGetProcAddress need not be asked).
 */
#define LIBCUDA_REQUIRED(SYMBOL)                      \
	SYMBOL(cuCheckpointProcessGetRestoreThreadId) \
	SYMBOL(cuCheckpointProcessGetState)           \
	SYMBOL(cuCheckpointProcessLock)               \
	SYMBOL(cuCheckpointProcessCheckpoint)         \
	SYMBOL(cuCheckpointProcessRestore)            \
	SYMBOL(cuCheckpointProcessUnlock)             \
	SYMBOL(cuDriverGetVersion)                    \
	SYMBOL(cuInit)

/* NULL in a driver that lacks them. */
#define LIBCUDA_OPTIONAL(SYMBOL) SYMBOL(cuGetErrorString)

#define LIBCUDA_FIELD(symbol) __typeof__(symbol) *symbol;

struct libcuda {
	LIBCUDA_REQUIRED(LIBCUDA_FIELD)
	LIBCUDA_OPTIONAL(LIBCUDA_FIELD)
	char unnamed_error[sizeof("error -2147483648")];
};

/* Room for the reason of a failure, which may have a path in it. */
#define LIBCUDA_REASON_SIZE 4608

/*
 * Load the library and find the functions. Silent.
 *
 * Return: 0; -ENOENT if it cannot be loaded; -ENOSYS if it is of a driver that
 * cannot checkpoint: with *@ret_reason, one line with the remedy.
 */
int libcuda_load(struct libcuda *ret_libcuda,
		 char ret_reason[LIBCUDA_REASON_SIZE]) must_check;

/* The same, and the reason is reported on stderr. */
int libcuda_open(struct libcuda *ret_libcuda) must_check;

/*
 * The driver's text for @result, or ours where it has none; never NULL.
 * Valid until the next call.
 */
const char *libcuda_error_text(struct libcuda *libcuda, CUresult result);
