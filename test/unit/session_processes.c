/* SPDX-License-Identifier: GPL-2.0-only */
#include "session_processes.h"

#include <string.h>

#include "fake_log.h"

static const char *const kind_names[] = {
	[RUNNING] = "running",
	[LOCKED] = "locked",
	[CHECKPOINTED] = "checkpointed",
	[FAILED] = "failed",
	[WITHOUT_CUDA] = "without CUDA",
	[WITH_LIBRARY] = "with library",
	[LATE] = "late",
	[LATE_WITH_LIBRARY] = "late with library",
	[STARTING] = "starting",
	[STOPPED] = "stopped",
};

const char *kind_name(enum kind kind)
{
	return kind_names[kind];
}

enum cuda_state kind_rung(enum kind kind)
{
	static const enum cuda_state rungs[KINDS] = {
		[LOCKED] = CUDA_LOCKED,
		[CHECKPOINTED] = CUDA_CHECKPOINTED,
		[FAILED] = CUDA_FAILED,
	};

	return rungs[kind];
}

void reset_world(void)
{
	fake_world_reset();
	memset(fake_log.lines, 0, sizeof(fake_log.lines));
	fake_log.malformed = 0;
	fake_log.length = 0;
	fake_log.text[0] = '\0';
}

struct fake_process *add_process(enum kind kind)
{
	struct fake_process *process =
		fake_world_add(FIRST_PID + PID_STEP * (pid_t)fake_world.count);

	process->rung = kind_rung(kind);
	process->is_cuda = kind <= FAILED || kind == STOPPED;
	process->starting = kind == STARTING;
	process->stopped = kind == STOPPED;
	process->maps_libcuda = process->is_cuda || kind == WITH_LIBRARY ||
				kind == LATE_WITH_LIBRARY || kind == STARTING;
	return process;
}

void seize(struct fake_process *process)
{
	process->seized = !process->gone;
}

void start_cuda_late(struct fake_process *process, enum kind kind)
{
	if (kind != LATE && kind != LATE_WITH_LIBRARY)
		return;

	process->maps_libcuda = true;
	process->is_cuda = true;
}
