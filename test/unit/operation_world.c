/* SPDX-License-Identifier: GPL-2.0-only */
#include "operation_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DIARY_MAX (64 * 1024)

struct operation_target targets[TARGETS_MAX];
static char diary_path[64];

int begin_operation(void **state)
{
	int fd;

	memset(targets, 0, sizeof(targets));
	for (size_t i = 0; i < TARGETS_MAX; i++)
		targets[i] = (struct operation_target){
			.pid = PID_OF(i),
			/* What was there before is nobody's outcome. */
			.ret = -77,
			.is_cut = true,
			.is_in_doubt = true,
			.text = "from before",
		};

	snprintf(diary_path, sizeof(diary_path), "/tmp/test_operation.XXXXXX");
	fd = mkstemp(diary_path);
	if (fd < 0)
		return fd;
	close(fd);
	setenv("DIARY", diary_path, 1);

	return note_world(state);
}

int end_operation(void **state)
{
	unlink(diary_path);
	return put_back_signals(state);
}

unsigned int operate(const char *script, struct operation operation, size_t count)
{
	const char *words[] = { "/bin/sh", "-c", script, "cuda-checkpoint", NULL };
	unsigned int runs;

	operation.words = words;
	runs = operation_run(&operation, targets, count);
	assert_same_world(&before);

	return runs;
}

unsigned int ask_by(const char *script, size_t count)
{
	return operate(script, (struct operation){ .is_question = true }, count);
}

unsigned int act_by(const char *script, size_t count)
{
	return operate(script, (struct operation){ .takes_several = false }, count);
}

void assert_outcome(size_t i, int ret, const char *text)
{
	const struct operation_target *target = &targets[i];

	if (target->ret != ret || strcmp(target->text, text) != 0)
		fail_msg("pid %d: %d, \"%s\"; not %d, \"%s\"", target->pid, target->ret,
			 target->text, ret, text);
}

void assert_says(size_t i, const char *part)
{
	if (!strstr(targets[i].text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, targets[i].text);
}

char *read_diary(void)
{
	char *text = calloc(1, DIARY_MAX);
	FILE *file = fopen(diary_path, "r");

	assert_non_null(text);
	assert_non_null(file);
	assert_true(fread(text, 1, DIARY_MAX, file) < DIARY_MAX);
	fclose(file);

	return text;
}

size_t most_at_work(const char *diary, bool (*only)(pid_t pid))
{
	size_t now = 0, most = 0;
	char what;
	int pid, length;

	for (; sscanf(diary, "%c %d\n%n", &what, &pid, &length) == 2; diary += length) {
		if (only && !only(pid))
			continue;
		if (what == '+')
			now++;
		else
			now--;
		most = now > most ? now : most;
	}

	assert_int_equal(*diary, '\0');
	assert_int_equal(now, 0);
	return most;
}

bool is_before(const char *diary, const char *first, const char *second)
{
	const char *at_first = strstr(diary, first), *at_second = strstr(diary, second);

	assert_non_null(at_first);
	assert_non_null(at_second);
	return at_first < at_second;
}
