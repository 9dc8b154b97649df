/* SPDX-License-Identifier: GPL-2.0-only */
#include "tool_runs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"
#include "fake_log.h"
#include "fake_spawn.h"

const struct tool tool = { .program = "cuda-checkpoint" };

const struct run failed_questions[FAILED_QUESTIONS] = {
	{ 1, NULL,
	  "Error getting process state for process ID 4711: \"OS call failed or "
	  "operation "
	  "not supported on this OS\"\n",
	  -EIO },
	{ 1,
	  "Missing pid to perform operation on\nCUDA checkpoint and restore utility.\n",
	  NULL, -EIO },
	{ 1, NULL,
	  "cuda-checkpoint: unrecognized option '--get-state'\nInvalid option(s) or "
	  "option(s) not supported by this CUDA Driver\n",
	  -EIO },
	{ 127, NULL,
	  "cuda-checkpoint: error while loading shared libraries: libcuda.so.1: cannot "
	  "open shared object file: No such file or directory\n",
	  -EIO },
	{ 137, NULL, NULL, -EIO },
	{ 139, NULL, "Segmentation fault\n", -EIO },
	{ 1, "running\n", NULL, -EIO },
	{ 255, "4712\n", NULL, -EIO },
};

const struct failed_spawn failed_spawns[FAILED_SPAWNS] = {
	{ -ENOENT, -ENOENT, "there is no \"cuda-checkpoint\"" },
	{ -ENOENT, -ENOENT, "with the option cuda-checkpoint" },
	{ -ETIMEDOUT, -ETIMEDOUT, "no answer in " },
	{ -EACCES, -EIO, "cannot run \"cuda-checkpoint\": Permission denied" },
	{ -ENOEXEC, -EIO, "cannot run \"cuda-checkpoint\": Exec format error" },
	{ -EMFILE, -EIO, "cannot run \"cuda-checkpoint\": Too many open files" },
	{ -ENOMEM, -ENOMEM, "cannot run \"cuda-checkpoint\": Cannot allocate memory" },
};

int get_state(unsigned int timeout_ms, enum cuda_state *state)
{
	struct operation_target target = { .pid = PID, .state = *state };

	tool_get_states(&tool, timeout_ms, &target, 1);
	*state = target.state;

	return target.ret;
}

int get_restore_tid(pid_t *tid)
{
	struct operation_target target = { .pid = PID, .tid = *tid };

	tool_get_restore_tids(&tool, &target, 1);
	*tid = target.tid;

	return target.ret;
}

int act(enum cuda_action action, unsigned int timeout_ms)
{
	struct operation_target target = { .pid = PID };

	tool_act(&tool, action, timeout_ms, &target, 1);

	return target.ret;
}

void again(void)
{
	fake_log_reset();
	fake_spawn_reset();
}

int begin(void **state)
{
	(void)state;
	again();

	return 0;
}

void answer(const struct run *run)
{
	fake_spawn_answer(run->status, run->out, run->err);
}

void assert_logged_once(const char *text)
{
	assert_int_equal(fake_log_errors(), 1);
	assert_int_equal(fake_log.malformed, 0);
	assert_true(fake_log_has(LOG_PREFIX "pid 4711: "));
	if (!fake_log_has(text))
		fail_msg("\"%s\" is not in \"%s\"", text, fake_log.text);
}

void assert_nothing_logged(void)
{
	assert_int_equal(fake_log.length, 0);
}

void assert_whole_message_logged(const struct run *run)
{
	char *text autofree = strdup(run->err ? run->err : run->out ? run->out : "");
	size_t length = strlen(text);

	while (length && text[length - 1] == '\n')
		text[--length] = '\0';
	for (char *newline = text; (newline = strchr(newline, '\n'));)
		*newline = ';';

	assert_logged_once(text);
}
