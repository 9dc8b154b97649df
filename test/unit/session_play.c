/* SPDX-License-Identifier: GPL-2.0-only */
#include "session_play.h"

#include <errno.h>

#include "fake_log.h"
#include "fake_offload.h"
#include "fake_survey.h"
#include "session.h"

#define LOCK_TIMEOUT_MS 4000

static struct tool tool = {
	.program = "cuda-checkpoint",
	.operation_timeout_ms = 1000,
};

static const struct offload offload = { .is_wanted = true };

bool in_session;
static struct session session;
static struct survey_policy policy;

void break_claim(struct outcome *outcome, const char *claim)
{
	if (!outcome->broken)
		outcome->broken = claim;
}

/* What holds after each hook. */
static void check_answer(struct outcome *outcome, const struct fake_process *process,
			 int ret, bool done)
{
	if (ret == 0 && !done && !process->gone)
		break_claim(outcome, "a hook that succeeds has done its work");
	if (ret == -ENXIO && process->is_cuda && !process->gone)
		break_claim(outcome, "no CUDA is a finding, not a guess");
	if (ret && ret != -ENXIO && !fake_log_errors())
		break_claim(outcome, "an error is logged");
	if (ret && ret != -ENXIO)
		outcome->failed = true;
}

static int pause_process(struct outcome *outcome, const struct fake_process *process)
{
	int ret;

	in_session = true;
	ret = session_survey(&session, process->pid);
	if (!ret)
		ret = session_pause(&session, process->pid, LOCK_TIMEOUT_MS);
	in_session = false;

	check_answer(outcome, process, ret, process->rung != CUDA_RUNNING);
	return ret == -ENXIO ? 0 : ret;
}

static int checkpoint_process(struct outcome *outcome, const struct fake_process *process)
{
	int ret;

	in_session = true;
	ret = session_checkpoint(&session, process->pid);
	in_session = false;

	check_answer(outcome, process, ret,
		     process->rung == CUDA_CHECKPOINTED && !process->thread_runs);
	return ret == -ENXIO ? 0 : ret;
}

static bool ends(const struct scenario *scenario, enum end_step step, size_t at)
{
	return scenario->end == step && scenario->end_at == at;
}

/* Return: does the dump go on? */
static bool pause_and_seize_all(const struct scenario *scenario, struct outcome *outcome)
{
	for (size_t i = 0; i < scenario->count; i++) {
		struct fake_process *process = &fake_world.processes[i];

		if (pause_process(outcome, process))
			return false;
		start_cuda_late(process, scenario->kinds[i]);
		if (ends(scenario, AFTER_PAUSE, i))
			return false;

		seize(process);
		if (ends(scenario, AFTER_SEIZE, i))
			return false;
	}

	return true;
}

static bool checkpoint_all(const struct scenario *scenario, struct outcome *outcome)
{
	for (size_t i = 0; i < scenario->count; i++) {
		if (checkpoint_process(outcome, &fake_world.processes[i]))
			return false;
		if (ends(scenario, AFTER_CHECKPOINT, i))
			return false;
	}

	return true;
}

static void give_back(struct outcome *outcome)
{
	outcome->gave_back = true;
	outcome->at_give_back = fake_world.calls;

	in_session = true;
	outcome->give_back = session_give_back(&session);
	outcome->again = session_give_back(&session);
	if (outcome->failed)
		session_discard_images(&session);
	in_session = false;
}

static void set_up(const struct scenario *scenario)
{
	reset_world();
	for (size_t i = 0; i < scenario->count; i++)
		add_process(scenario->kinds[i]);

	fake_world.fail_call = scenario->fail_call;
	fake_world.fail_ever_after = scenario->fail_ever_after;
	fake_world.failure = scenario->failure;
	policy.ask_every_process = scenario->ask_every_process;
	fake_survey = (struct fake_survey){ .sees = scenario->surveyed };
	fake_offload_wave = 2;
	tool.has_learned = false;
	tool.offload = scenario->offloads ? &offload : NULL;
	session_init(&session, &tool, NULL, &policy);
}

struct outcome play_dump(const struct scenario *scenario)
{
	struct outcome outcome = { 0 };
	bool whole;

	set_up(scenario);

	whole = pause_and_seize_all(scenario, &outcome) &&
		checkpoint_all(scenario, &outcome);
	if (!whole || scenario->end != KILL)
		give_back(&outcome);

	session_release(&session);
	return outcome;
}

struct outcome play_restore(const struct scenario *scenario)
{
	struct outcome outcome = { 0 };

	set_up(scenario);

	for (size_t i = 0; i < scenario->count; i++) {
		seize(&fake_world.processes[i]);
		fake_world.processes[i].is_out =
			scenario->offloads && scenario->kinds[i] == CHECKPOINTED;
	}
	for (size_t i = 0; i < scenario->count; i++) {
		const struct fake_process *process = &fake_world.processes[i];
		int ret;

		in_session = true;
		ret = session_resume(&session, process->pid);
		in_session = false;
		check_answer(&outcome, process, ret,
			     process->rung == CUDA_RUNNING && !process->thread_runs);
	}

	session_release(&session);
	return outcome;
}
