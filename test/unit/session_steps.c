/* SPDX-License-Identifier: GPL-2.0-only */
#include "session_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_offload.h"
#include "fake_survey.h"

struct tool tool = { .program = "cuda-checkpoint" };
struct session session;

static const struct survey_policy policy;

int begin(void **state)
{
	(void)state;

	reset_world();
	fake_survey = (struct fake_survey){ 0 };
	fake_offload_wave = 0;
	tool.offload = NULL;
	session_init(&session, &tool, NULL, &policy);
	return 0;
}

int end(void **state)
{
	(void)state;

	session_release(&session);
	return 0;
}

int pause_one(const struct fake_process *process)
{
	int ret = session_survey(&session, process->pid);

	return ret ? ret : session_pause(&session, process->pid, LOCK_TIMEOUT_MS);
}

struct fake_process *paused_and_seized(enum kind kind)
{
	struct fake_process *process = add_process(kind);

	assert_int_equal(pause_one(process), 0);
	seize(process);
	return process;
}

struct fake_process *checkpointed(enum kind kind)
{
	struct fake_process *process = paused_and_seized(kind);

	assert_int_equal(session_checkpoint(&session, process->pid), 0);
	return process;
}
