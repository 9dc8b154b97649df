/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The central tests of the session. They play CRIU: every mix of up to three processes,
 * every point at which a dump can end, and a failure of every single call.
 */
#include "session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fake_log.h"
#include "fake_proc.h"
#include "fake_survey.h"
#include "session_play.h"
#include "session_processes.h"

#define ASK_EVERY_MAX 2 /* processes in the cases that ask every process */

static unsigned long cases;

/* ---- memory ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
	return in_session && fake_memory_fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return in_session && fake_memory_fails() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
	return in_session && fake_memory_fails() ? NULL : __real_realloc(memory, size);
}

/* ---- time: that of the world goes on in runs that hang ---- */

int __real_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int ret = __real_clock_gettime(clock, ret_time);

	ret_time->tv_sec += fake_world.waited_ms / 1000;
	ret_time->tv_nsec += fake_world.waited_ms % 1000 * 1000000;
	ret_time->tv_sec += ret_time->tv_nsec / 1000000000;
	ret_time->tv_nsec %= 1000000000;
	return ret;
}

/* ---- what must hold, whatever happened ---- */

static bool may_be_moved(enum kind kind)
{
	return kind == RUNNING || kind == LOCKED || kind == CHECKPOINTED;
}

/*
 * Out of our hands is a thread that could not be stopped again, a process that somebody
 * has stopped, and one that a run of the utility was left at work on.
 */
static bool lost_a_process(void)
{
	for (size_t i = 0; i < fake_world.count; i++)
		if (fake_world.processes[i].thread_runs ||
		    fake_world.processes[i].stopped || fake_world.processes[i].worked_on)
			return true;

	return false;
}

static void check_process(const struct scenario *scenario, struct outcome *outcome,
			  size_t i)
{
	const struct fake_process *process = &fake_world.processes[i];
	const enum kind kind = scenario->kinds[i];
	const bool reported = outcome->give_back && fake_log_errors();

	if (!may_be_moved(kind) && process->actions)
		break_claim(outcome, "what is not a CUDA process on a rung is let alone");
	if (kind == CHECKPOINTED && process->actions && !scenario->is_restore)
		break_claim(outcome, "what is found checkpointed stays so");
	if (!process->maps_libcuda && process->questions && !scenario->ask_every_process)
		break_claim(outcome, "a process without libcuda costs no run");
	if (process->runs != process->stops)
		break_claim(outcome, "what is let run is stopped again, once");
	if (process->gone || !outcome->gave_back)
		return;
	if (process->has_image && !process->is_out && outcome->failed)
		break_claim(outcome, "a dump that failed leaves no image");
	if (process->is_out && !outcome->give_back)
		break_claim(outcome, "what was given back has its memory");
	if (process->rung == kind_rung(kind)) {
		if (outcome->again == 0 && process->owed)
			break_claim(outcome, "what was paid is owed no more");
		return;
	}

	if (!process->owed)
		break_claim(outcome, "what could not be paid the guardian still owes");
	if (!reported)
		break_claim(outcome, "a process is back on its rung, or it is reported");
	if (outcome->again == 0)
		break_claim(outcome, "what is owed is not forgotten");
}

/* After one failure, before the end or at it, all can be given back. */
static void check_recovery(const struct scenario *scenario, struct outcome *outcome)
{
	if (!outcome->gave_back || scenario->fail_ever_after || lost_a_process())
		return;

	if (outcome->again)
		break_claim(outcome, "a second attempt gives back all");
	if (scenario->fail_call <= outcome->at_give_back && outcome->give_back)
		break_claim(outcome, "a failure before the end keeps nothing from "
				     "being given back");
}

static void check_case(const struct scenario *scenario, struct outcome *outcome)
{
	for (size_t i = 0; i < scenario->count; i++)
		check_process(scenario, outcome, i);
	check_recovery(scenario, outcome);

	if (fake_world.crime)
		break_claim(outcome, fake_world.crime);
	if (fake_log.malformed)
		break_claim(outcome, "a log line is one line with our prefix");
	cases++;
	if (!outcome->broken)
		return;

	for (size_t i = 0; i < scenario->count; i++)
		print_error("process %d: %s\n", FIRST_PID + PID_STEP * (int)i,
			    kind_name(scenario->kinds[i]));
	print_error("offloads %d, ask every %d, surveyed %zu, end %d at %zu, failure %d "
		    "of call %u%s "
		    "(%s)\n",
		    scenario->offloads, scenario->ask_every_process, scenario->surveyed,
		    (int)scenario->end, scenario->end_at, (int)scenario->failure,
		    scenario->fail_call, scenario->fail_ever_after ? " and later" : "",
		    fake_world.failed);
	print_error("%s\n%s", fake_world_journal(), fake_log.text);
	fail_msg("broken: %s", outcome->broken);
}

/* ---- all of them ---- */

typedef struct outcome (*play_function)(const struct scenario *scenario);

/* @scenario without a failure, and with each failure of each of its calls. */
static void check_each_failure(struct scenario scenario, play_function play)
{
	struct outcome outcome;
	unsigned int calls;

	scenario.fail_call = 0;
	outcome = play(&scenario);
	calls = fake_world.calls;
	check_case(&scenario, &outcome);

	for (scenario.fail_call = 1; scenario.fail_call <= calls; scenario.fail_call++) {
		scenario.fail_ever_after = false;
		for (int i = FAKE_FAILS; i < FAKE_FAILURES; i++) {
			scenario.failure = (enum fake_failure)i;
			outcome = play(&scenario);
			check_case(&scenario, &outcome);
		}

		scenario.fail_ever_after = true;
		scenario.failure = FAKE_FAILS;
		outcome = play(&scenario);
		check_case(&scenario, &outcome);
	}
}

static void check_each_end(struct scenario scenario)
{
	for (int end = AFTER_PAUSE; end <= KILL; end++) {
		const size_t points = end >= LEAVE_ALIVE ? 1 : scenario.count;

		scenario.end = (enum end_step)end;
		for (size_t at = 0; at < points; at++) {
			scenario.end_at = at;
			check_each_failure(scenario, play_dump);
		}
	}
}

/* The @n-th mix of @count processes, of @kinds kinds; false if there are fewer. */
static bool mix(struct scenario *scenario, size_t count, unsigned int n,
		const enum kind *kinds, size_t kind_count)
{
	scenario->count = count;
	for (size_t i = 0; i < count; i++) {
		scenario->kinds[i] = kinds[n % kind_count];
		n /= kind_count;
	}

	return n == 0;
}

static const enum kind all_kinds[KINDS] = {
	RUNNING,      LOCKED, CHECKPOINTED,	 FAILED,   WITHOUT_CUDA,
	WITH_LIBRARY, LATE,   LATE_WITH_LIBRARY, STARTING, STOPPED,
};

static void check_dumps(size_t count, bool ask_every_process, size_t surveyed)
{
	struct scenario scenario = { .ask_every_process = ask_every_process,
				     .surveyed = surveyed };

	for (unsigned int n = 0; mix(&scenario, count, n, all_kinds, KINDS); n++)
		check_each_end(scenario);
}

static void any_dump_with_any_failure_leaves_each_process_as_found(void **state)
{
	(void)state;

	cases = 0;
	for (size_t count = 1; count <= PROCESSES_MAX; count++)
		check_dumps(count, false, 0);
	for (size_t count = 1; count <= ASK_EVERY_MAX; count++)
		check_dumps(count, true, 0);
	/* The second one begins when the tree has been looked at. */
	check_dumps(2, false, 1);

	print_message("# %lu dumps\n", cases);
}

/* Images and waves change nothing for kinds that are never moved. */
static void any_dump_with_images_leaves_each_process_as_found(void **state)
{
	static const enum kind kinds[] = { RUNNING, LOCKED, CHECKPOINTED, WITHOUT_CUDA };
	struct scenario scenario = { .offloads = true };

	(void)state;

	cases = 0;
	for (size_t count = 1; count <= PROCESSES_MAX; count++)
		for (unsigned int n = 0; mix(&scenario, count, n, kinds, 4); n++)
			check_each_end(scenario);

	print_message("# %lu dumps with images\n", cases);
}

static void any_restore_with_any_failure_is_running_or_reported(void **state)
{
	static const enum kind kinds[] = { CHECKPOINTED, WITHOUT_CUDA, WITH_LIBRARY };
	struct scenario scenario = { .is_restore = true };

	(void)state;

	cases = 0;
	for (int way = 0; way < 4; way++) {
		scenario.ask_every_process = way & 1;
		scenario.offloads = way & 2;
		for (size_t count = 1; count <= PROCESSES_MAX; count++)
			for (unsigned int n = 0; mix(&scenario, count, n, kinds, 3); n++)
				check_each_failure(scenario, play_restore);
	}

	print_message("# %lu restores\n", cases);
}

/* One that is locked; the call with the number @call fails. Return: was that memory? */
static bool pause_without_memory(unsigned int call)
{
	struct tool tool = { .program = "cuda-checkpoint" };
	const struct survey_policy policy = { 0 };
	const struct fake_process *process;
	struct session session;
	int ret;

	reset_world();
	fake_survey = (struct fake_survey){ 0 };
	session_init(&session, &tool, NULL, &policy);
	process = add_process(RUNNING);
	fake_world.fail_call = call;
	fake_world.failure = FAKE_FAILS;

	in_session = true;
	ret = session_survey(&session, process->pid);
	ret = ret ? ret : session_pause(&session, process->pid, 0);
	in_session = false;
	session_release(&session);

	if (!fake_world.failed || strcmp(fake_world.failed, "memory") != 0)
		return false;
	assert_int_equal(ret, -ENOMEM);
	assert_int_equal(process->actions, 0);
	assert_true(fake_log_has("out of memory"));
	return true;
}

static void process_that_cannot_be_noted_is_not_touched(void **state)
{
	unsigned int without = 0, call = 1;

	(void)state;
	do {
		without += pause_without_memory(call++);
	} while (fake_world.failed);

	assert_true(without >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_dump_with_any_failure_leaves_each_process_as_found),
		cmocka_unit_test(any_dump_with_images_leaves_each_process_as_found),
		cmocka_unit_test(any_restore_with_any_failure_is_running_or_reported),
		cmocka_unit_test(process_that_cannot_be_noted_is_not_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
