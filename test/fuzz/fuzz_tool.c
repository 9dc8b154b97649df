/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tool.c on any run of the utility: its exit status, or the negative error of a run
 * that was none, on a page of its own; then a page of stdout, and one of stderr. Once for
 * one process, and once for two in a run.
 */
#include "tool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_log.h"
#include "fake_spawn.h"
#include "fuzz.h"

#define PID	   4711
#define ERROR_MAX  133 /* beyond that Linux has none */
#define UNTOUCHED  (-77)
#define REASON_MAX 512

#define BOTH 2

static const struct tool tool = { .program = "cuda-checkpoint" };
static const struct tool several = { .program = "cuda-checkpoint",
				     .takes_several = true };
static const struct fuzz_pages *input;

/* The next run of the utility. Return: its status, or a negative error. */
static int answer(void)
{
	long status = strtol(fuzz_pages_text(input, 0), NULL, 10);
	const char *out = fuzz_pages_text(input, 1), *err = fuzz_pages_text(input, 2);
	size_t out_size = input->count > 1 ? input->at[1].size : 0;
	size_t err_size = input->count > 2 ? input->at[2].size : 0;

	fake_log_reset();
	if (status < 0) {
		status %= ERROR_MAX + 1;
		status -= !status;
		fake_spawn_fail((int)status);
		return (int)status;
	}

	status %= 256;
	fake_spawn_answer_bytes((int)status, out, out_size, err, err_size);
	return (int)status;
}

/* The errors of tool.h that a run of that status may end in; 0 is one. */
static bool is_documented(int status, int ret)
{
	switch (status) {
	case 0:
		return ret == 0 || ret == -EBADMSG;
	case -ENOENT:
	case -ETIMEDOUT:
	case -ENOMEM:
		return ret == status;
	default:
		break;
	}
	if (status < 0)
		return ret == -EIO;

	return ret == -ENXIO || ret == -ETIMEDOUT || ret == -EBUSY || ret == -EIO;
}

static bool is_silent(int ret)
{
	return ret == 0 || ret == -ENXIO;
}

/* As many errors, each one line about a process that can be printed. */
static void check_log(unsigned int errors)
{
	char *end = fake_log.text + fake_log.length;

	fuzz_check(fake_log.lines[LOG_LEVEL_ERROR] == errors);
	fuzz_check(fake_log.malformed == 0);
	fuzz_check(fake_log.length < FAKE_LOG_MAX - 1);
	fuzz_check(fake_log.lines[LOG_LEVEL_WARN] <= 1);
	if (fake_log.length == 0)
		return;

	fuzz_check(fake_log_has("pid 471"));
	fuzz_check(end[-1] == '\n');
	for (char *newline = fake_log.text; newline < end; newline++)
		if (*newline == '\n')
			*newline = ' ';
	fuzz_check(!fuzz_has_control(fake_log.text));
}

/* --- one process -------------------------------------------------------------------- */

static void check_target(int status, const struct operation_target *target)
{
	fuzz_check(target->is_cut == (status == -ETIMEDOUT));
	fuzz_check(memchr(target->text, '\0', sizeof(target->text)));
	fuzz_check(!fuzz_has_control(target->text));
}

static void ask_state(void)
{
	struct operation_target target = { .pid = PID,
					   .state = (enum cuda_state)UNTOUCHED };
	int status = answer();

	tool_get_states(&tool, 0, &target, 1);

	fuzz_check(is_documented(status, target.ret));
	fuzz_check((target.ret == 0) == ((int)target.state != UNTOUCHED));
	if (target.ret == 0)
		fuzz_check(strcmp(cuda_state_name(target.state), "unknown") != 0);
	check_target(status, &target);
	check_log(!is_silent(target.ret));
}

static void ask_restore_tid(void)
{
	struct operation_target target = { .pid = PID, .tid = UNTOUCHED };
	int status = answer();

	tool_get_restore_tids(&tool, &target, 1);

	fuzz_check(is_documented(status, target.ret));
	fuzz_check(target.ret == 0 ? target.tid > 0 : target.tid == UNTOUCHED);
	check_target(status, &target);
	check_log(!is_silent(target.ret));
}

static void act(enum cuda_action action)
{
	struct operation_target target = { .pid = PID };
	int status = answer();

	/* The same once more, for who reports success and talks: the state is asked for.
	 */
	(void)answer();
	tool_act(&tool, action, 1000, &target, 1);
	fuzz_check(fake_spawn.calls <= fake_spawn.answers);
	fuzz_check(fake_spawn.calls == fake_spawn.answers - 1 || status == 0);
	fake_spawn.answers = fake_spawn.calls;

	/* That a process has no CUDA is no finding any more when it is acted upon. */
	fuzz_check(is_documented(status, target.ret) ||
		   (status == 0 && target.ret == -EIO));
	fuzz_check(target.ret != -ENXIO);
	check_target(status, &target);
	check_log(target.ret != 0);
}

static void probe(void)
{
	char *reason = malloc(REASON_MAX);
	int status = answer(), ret;

	fuzz_check(reason);
	ret = tool_probe(&tool, reason, REASON_MAX);

	/* That this process has no CUDA is a good answer. */
	fuzz_check(ret != -ENXIO && (is_documented(status, ret) || (status > 0 && !ret)));
	if (ret) {
		fuzz_check(memchr(reason, '\0', REASON_MAX));
		fuzz_check(reason[0] && !fuzz_has_control(reason));
	}
	fuzz_check(fake_log.length == 0);
	free(reason);
}

/* --- two in a run ------------------------------------------------------------------- */

/* The line that begins with "@pid @words", in what was printed; up to its newline. */
static const char *find_line(pid_t pid, const char *words)
{
	const char *line = fuzz_pages_text(input, 1);
	const char *end = line + (input->count > 1 ? input->at[1].size : 0);
	char begin[64];
	size_t length;

	length = (size_t)snprintf(begin, sizeof(begin), "%d %s", pid, words);
	while (line) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		if (newline && (size_t)(end - line) >= length &&
		    memcmp(line, begin, length) == 0)
			return line;
		line = newline ? newline + 1 : NULL;
	}

	return NULL;
}

static bool is_first_line(const char *line)
{
	return line == fuzz_pages_text(input, 1);
}

/* @words is what a target that succeeded was answered. */
static void check_one_of_both(int status, const struct operation_target *target,
			      const char *words)
{
	const int ret = target->ret;

	check_target(status, target);
	fuzz_check(!target->is_in_doubt);
	if (status < 0) {
		fuzz_check(is_documented(status, ret));
		return;
	}

	fuzz_check(ret == 0 || ret == -EBADMSG || ret == -EIO || ret == -ENXIO ||
		   ret == -ETIMEDOUT || ret == -EBUSY);
	if (ret == 0)
		fuzz_check(find_line(target->pid, words));
	/* Whoever fails is named in a line, or in none. */
	if (ret == -ENXIO || ret == -ETIMEDOUT || ret == -EBUSY)
		fuzz_check(find_line(target->pid, "error "));
	if (ret == -EIO)
		fuzz_check(status > 128 || find_line(target->pid, "error "));
}

static void begin_both(struct operation_target targets[BOTH])
{
	for (int i = 0; i < BOTH; i++)
		targets[i] = (struct operation_target){
			.pid = PID + i,
			.state = (enum cuda_state)UNTOUCHED,
			.tid = UNTOUCHED,
		};
}

static void ask_states_of_both(void)
{
	struct operation_target targets[BOTH];
	unsigned int errors = 0;
	int status = answer();

	begin_both(targets);
	tool_get_states(&several, 0, targets, BOTH);

	for (int i = 0; i < BOTH; i++) {
		const struct operation_target *target = &targets[i];

		fuzz_check((target->ret == 0) == ((int)target->state != UNTOUCHED));
		check_one_of_both(status, target,
				  target->ret ? "" : cuda_state_name(target->state));
		errors += !is_silent(target->ret);
	}
	if (status >= 0 && is_first_line(find_line(PID, "running\n")))
		fuzz_check(targets[0].ret == 0 && targets[0].state == CUDA_RUNNING);
	check_log(errors);
}

static void ask_restore_tids_of_both(void)
{
	struct operation_target targets[BOTH];
	unsigned int errors = 0;
	int status = answer();

	begin_both(targets);
	tool_get_restore_tids(&several, targets, BOTH);

	for (int i = 0; i < BOTH; i++) {
		const struct operation_target *target = &targets[i];

		fuzz_check(target->ret == 0 ? target->tid > 0 : target->tid == UNTOUCHED);
		check_one_of_both(status, target, target->ret ? "" : target->text);
		errors += !is_silent(target->ret);
	}
	check_log(errors);
}

static void act_on_both(enum cuda_action action, bool may_be_refused)
{
	struct operation_target targets[BOTH];
	unsigned int errors = 0;
	int status = answer();

	begin_both(targets);
	if (may_be_refused)
		tool_try_lock(&several, 1000, targets, BOTH);
	else
		tool_act(&several, action, 1000, targets, BOTH);

	for (int i = 0; i < BOTH; i++) {
		const struct operation_target *target = &targets[i];

		fuzz_check(target->ret != -ENXIO);
		check_one_of_both(status, target, "ok ");
		errors +=
			target->ret && !(may_be_refused && operation_is_refused(target));
	}
	check_log(errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_pages pages;

	fuzz_pages_cut(&pages, data, size);
	input = &pages;
	fake_spawn_reset();

	ask_state();
	ask_restore_tid();
	for (enum cuda_action action = CUDA_LOCK; action <= CUDA_UNLOCK; action++)
		act(action);
	probe();
	fuzz_check(fake_spawn.calls == fake_spawn.answers);

	fake_spawn_reset();
	ask_states_of_both();
	ask_restore_tids_of_both();
	for (enum cuda_action action = CUDA_LOCK; action <= CUDA_UNLOCK; action++)
		act_on_both(action, false);
	act_on_both(CUDA_LOCK, true);
	fuzz_check(fake_spawn.calls == fake_spawn.answers);
	fuzz_check(fake_spawn.at_work == 0);

	fuzz_pages_release(&pages);
	return 0;
}
