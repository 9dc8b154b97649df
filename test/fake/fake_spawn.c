/* SPDX-License-Identifier: GPL-2.0-only */
#include "fake_spawn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
	int error;
	struct spawn_result result;
};

struct fake_spawn fake_spawn;
static struct answer answers[FAKE_SPAWN_ANSWERS_MAX];

void fake_spawn_reset(void)
{
	memset(&fake_spawn, 0, sizeof(fake_spawn));
	memset(answers, 0, sizeof(answers));
}

static struct answer *next_answer(void)
{
	if (fake_spawn.answers == FAKE_SPAWN_ANSWERS_MAX)
		abort();

	return &answers[fake_spawn.answers++];
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
	next_answer()->error = error;
}

static void note(const char *const argv[], unsigned int timeout_ms)
{
	char *journal = fake_spawn.journal;
	size_t size = sizeof(fake_spawn.journal), at = strlen(journal);

	for (; *argv; argv++) {
		const char *quote = strpbrk(*argv, " ()[];") || !**argv ? "[" : "";

		at += (size_t)snprintf(journal + at, size - at, "%s%s%s ", quote, *argv,
				       *quote ? "]" : "");
		if (at >= size)
			abort();
	}
	at += (size_t)snprintf(journal + at, size - at, "(%u ms);", timeout_ms);
	if (at >= size)
		abort();
}

int spawn_run(const char *const argv[], unsigned int timeout_ms,
	      const struct spawn_watch *watch, struct spawn_result *ret_result)
{
	const struct answer *answer = &answers[fake_spawn.calls];

	note(argv, timeout_ms);
	fake_spawn.watch = watch;
	if (fake_spawn.calls >= fake_spawn.answers)
		return -ENOEXEC;

	fake_spawn.calls++;
	if (answer->error)
		return answer->error;

	*ret_result = answer->result;
	return 0;
}
