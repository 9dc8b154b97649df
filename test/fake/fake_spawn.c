/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_spawn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

struct answer {
	int error;
	bool hangs;
	struct spawn_result result;
};

struct fake_spawn fake_spawn;
static struct answer answers[FAKE_SPAWN_ANSWERS_MAX];

void fake_spawn_reset(void)
{
	memset(&fake_spawn, 0, sizeof(fake_spawn));
}

/* --- the script --------------------------------------------------------------------- */

static struct answer *next_answer(void)
{
	struct answer *answer = &answers[fake_spawn.answers];

	if (fake_spawn.answers++ == FAKE_SPAWN_ANSWERS_MAX)
		abort();

	answer->error = 0;
	answer->hangs = false;
	return answer;
}

/* As spawn.c keeps it: the beginning, and a NUL after it. */
static void print(struct spawn_output *output, const char *text, size_t length)
{
	output->truncated = length > SPAWN_OUTPUT_MAX;
	output->length = output->truncated ? SPAWN_OUTPUT_MAX : length;
	if (length)
		memcpy(output->text, text, output->length);
	output->text[output->length] = '\0';
}

void fake_spawn_answer_bytes(int status, const char *out, size_t out_length,
			     const char *err, size_t err_length)
{
	struct answer *answer = next_answer();

	answer->result.status = status;
	print(&answer->result.out, out, out_length);
	print(&answer->result.err, err, err_length);
}

void fake_spawn_answer(int status, const char *out, const char *err)
{
	fake_spawn_answer_bytes(status, out, out ? strlen(out) : 0, err,
				err ? strlen(err) : 0);
}

void fake_spawn_fail(int error)
{
	fake_spawn_answer(0, NULL, NULL);
	answers[fake_spawn.answers - 1].error = error;
}

void fake_spawn_hang(const char *out)
{
	fake_spawn_answer(0, out, NULL);
	answers[fake_spawn.answers - 1].hangs = true;
}

/* --- the calls ---------------------------------------------------------------------- */

static void append(const char *before, const char *text, const char *after)
{
	char *journal = fake_spawn.journal;
	const size_t size = sizeof(fake_spawn.journal), at = strlen(journal);

	if ((size_t)snprintf(journal + at, size - at, "%s%s%s", before, text, after) >=
	    size - at)
		abort();
}

static void note(const char *const argv[])
{
	for (size_t i = 0; argv[i]; i++) {
		const bool quoted = strpbrk(argv[i], " ()[];") || !*argv[i];

		append(i ? " " : "", quoted ? "[" : "", "");
		append(argv[i], quoted ? "]" : "", "");
	}
}

/* Return: the answer to this call, or NULL. */
static const struct answer *take_answer(void)
{
	return fake_spawn.calls < fake_spawn.answers ? &answers[fake_spawn.calls++]
						     : NULL;
}

int spawn_run(const char *const argv[], unsigned int timeout_ms,
	      struct spawn_result *ret_result)
{
	const struct answer *answer = take_answer();
	char time[32];

	snprintf(time, sizeof(time), "%u", timeout_ms);
	note(argv);
	append(" (", time, " ms);");
	if (!answer || answer->hangs)
		return -ENOEXEC;
	if (answer->error)
		return answer->error;

	*ret_result = answer->result;
	return 0;
}

/* The pid of a program tells which answer is its own. */
static const struct answer *answer_of(const struct spawn *spawn)
{
	return &answers[spawn->pid - 1];
}

int spawn_start(const char *const argv[], struct spawn *ret_spawn)
{
	const struct answer *answer = take_answer();

	note(argv);
	append(";", "", "");
	if (!answer)
		return -ENOEXEC;
	if (answer->error && answer->error != -ETIMEDOUT && answer->error != -ECHILD)
		return answer->error;

	/* One end of the pipe is open as long as it has not printed. */
	ret_spawn->pid = (pid_t)fake_spawn.calls;
	ret_spawn->pidfd = -1;
	ret_spawn->pipe[0] = 0;
	ret_spawn->pipe[1] = -1;
	print(&ret_spawn->result.out, NULL, 0);
	print(&ret_spawn->result.err, NULL, 0);
	fake_spawn.at_work++;
	if (fake_spawn.at_work > fake_spawn.most_at_work)
		fake_spawn.most_at_work = fake_spawn.at_work;
	return 0;
}

static void take_output(struct spawn *spawn)
{
	const struct spawn_result *result = &answer_of(spawn)->result;

	if (spawn->pipe[0] < 0)
		return;

	print(&spawn->result.out, result->out.text, result->out.length);
	print(&spawn->result.err, result->err.text, result->err.length);
	spawn->result.out.truncated = result->out.truncated;
	spawn->result.err.truncated = result->err.truncated;
	spawn->pipe[0] = -1;
}

void spawn_wait(struct spawn *const spawns[], size_t count, int other, int64_t end)
{
	bool all_hang = true;

	(void)other;
	for (size_t i = 0; i < count; i++) {
		take_output(spawns[i]);
		all_hang &= answer_of(spawns[i])->hangs;
	}
	if (all_hang && clock_ms() < end)
		clock_sleep_ms((long)(end - clock_ms()));
}

/* What was started is gone. */
static void leave(struct spawn *spawn)
{
	if (spawn->pid <= 0 || !fake_spawn.at_work)
		abort();

	fake_spawn.at_work--;
	spawn->pid = -1;
}

int spawn_reap(struct spawn *spawn)
{
	const struct answer *answer = answer_of(spawn);

	if (answer->hangs)
		return 0;

	take_output(spawn);
	spawn->result.status = answer->result.status;
	leave(spawn);
	return answer->error ? answer->error : 1;
}

int spawn_kill(struct spawn *spawn)
{
	fake_spawn.killed++;
	leave(spawn);
	return 0;
}

void spawn_leave(struct spawn *spawn)
{
	fake_spawn.left++;
	leave(spawn);
}
