/* SPDX-License-Identifier: GPL-2.0-only */
#include "remedy.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ANY	      CUDA_NO_ACTION
#define MORE_TIME                                                                       \
	"its work did not end in time: give it more with the option timeout or criu's " \
	"--timeout"

static const struct meaning {
	enum cuda_action action;
	const char *answer; /* of the driver, in quotes as the utility prints it */
	const char *remedy;
} meanings[] = {
	{ CUDA_LOCK, "\"device not ready\"", MORE_TIME },
	{ CUDA_LOCK, "no answer in ", MORE_TIME },
	{ CUDA_CHECKPOINT, "\"operation not supported\"",
	  "it uses what this driver cannot checkpoint: managed memory (no driver so "
	  "far), "
	  "CUDA IPC (r610, in a job started with --launch-job), NVML (r570), or CUDA on "
	  "Arm "
	  "(r595)" },
	{ CUDA_CHECKPOINT, "\"out of memory\"",
	  "its GPU memory finds no room in host memory (the machine, its memory cgroup, "
	  "ulimit -v), or its GPU is divided by MIG, which no driver so far can "
	  "checkpoint" },
	{ CUDA_RESTORE, "\"out of memory\"",
	  "there is not enough free memory on the GPU: the images are as good as "
	  "before" },
	{ CUDA_RESTORE, "\"invalid argument\"",
	  "a restore needs as many GPUs as the dump, of the same kind" },
	{ CUDA_RESTORE, "\"operation not supported\"",
	  "it shared GPU memory with another process when it was checkpointed, or the "
	  "GPUs "
	  "are of another kind" },
	{ ANY, "\"operation not permitted\"",
	  "the utility needs CAP_SYS_PTRACE to work on another user's process" },
	{ ANY, "\"OS call failed or operation not supported on this OS\"",
	  "it has ended or crashed, or the utility may not reach it: that needs "
	  "CAP_SYS_PTRACE" },
};

const char *remedy_of_action(enum cuda_action action, const char *message)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if ((meanings[i].action == ANY || meanings[i].action == action) &&
		    strstr(message, meanings[i].answer))
			return meanings[i].remedy;

	return NULL;
}

const char *remedy_of_proc(int error)
{
	if (error == -EACCES || error == -EPERM)
		return "not permitted: that needs CAP_SYS_PTRACE";
	if (error == -EMFILE || error == -ENFILE)
		return "too many open files: raise the limit (ulimit -n)";

	return strerror(-error);
}
