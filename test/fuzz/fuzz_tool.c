/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tool.c on any run of the utility: its exit status, or the negative error of a run
 * that was none, on a page of its own; then a page of stdout, and one of stderr.
 */
#include "tool.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fake_log.h"
#include "fake_spawn.h"
#include "fuzz.h"

#define PID	   4711
#define ERROR_MAX  133 /* beyond that Linux has none */
#define UNTOUCHED  (-77)
#define REASON_MAX 512

static const struct tool tool = { .program = "cuda-checkpoint" };
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
	case -ESRCH:
	case -ECANCELED:
	case SPAWN_LEAVE:
		return ret == status;
	default:
		break;
	}
	if (status < 0)
		return ret == -EIO;

	return ret == -ENXIO || ret == -ETIMEDOUT || ret == -EBUSY || ret == -EIO;
}

/* Each failure is one line about the process; a finding is none. */
static void check_log(int ret)
{
	bool silent = ret == 0 || ret == -ENXIO || ret == -ESRCH || ret == -ECANCELED ||
		      ret == SPAWN_LEAVE;
	char *end = fake_log.text + fake_log.length;

	fuzz_check(fake_log.lines[LOG_LEVEL_ERROR] == !silent);
	fuzz_check(fake_log.malformed == 0);
	fuzz_check(fake_log.length < FAKE_LOG_MAX - 1);
	fuzz_check(fake_log.lines[LOG_LEVEL_WARN] <= 1);
	if (fake_log.length == 0)
		return;

	fuzz_check(fake_log_has("pid 4711: "));
	fuzz_check(end[-1] == '\n');
	for (char *newline = fake_log.text; newline < end; newline++)
		if (*newline == '\n')
			*newline = ' ';
	fuzz_check(!fuzz_has_control(fake_log.text));
}

static void ask_state(void)
{
	enum cuda_state state = (enum cuda_state)UNTOUCHED;
	int status = answer();
	int ret = tool_get_state(&tool, PID, 0, NULL, &state);

	fuzz_check(is_documented(status, ret));
	fuzz_check((ret == 0) == ((int)state != UNTOUCHED));
	if (ret == 0)
		fuzz_check(strcmp(cuda_state_name(state), "unknown") != 0);
	check_log(ret);
}

static void ask_restore_tid(void)
{
	pid_t tid = UNTOUCHED;
	int status = answer();
	int ret = tool_get_restore_tid(&tool, PID, &tid);

	fuzz_check(is_documented(status, ret));
	fuzz_check(ret == 0 ? tid > 0 : tid == UNTOUCHED);
	check_log(ret);
}

static void act(enum cuda_action action)
{
	int status = answer(), ret;

	/* The same once more, for who reports success and talks: the state is asked for.
	 */
	(void)answer();
	ret = tool_act(&tool, action, PID, 1000, NULL);
	fuzz_check(fake_spawn.calls <= fake_spawn.answers);
	fuzz_check(fake_spawn.calls == fake_spawn.answers - 1 || status == 0);
	fake_spawn.answers = fake_spawn.calls;

	/* That a process has no CUDA is no finding any more when it is acted upon. */
	fuzz_check(is_documented(status, ret) || (status == 0 && ret == -EIO));
	fuzz_check(ret != -ENXIO);
	check_log(ret);
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
	fuzz_pages_release(&pages);
	return 0;
}
