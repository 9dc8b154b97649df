/* SPDX-License-Identifier: GPL-2.0-only */
#include "answer_line.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

static const char error[] = "error ", ok[] = "ok ";

/* Digits, and a blank behind them. Return: what follows, or NULL. */
static const char *take_number(const char *text, long *ret_number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return NULL;

	errno = 0;
	*ret_number = strtol(text, &end, 10);
	return errno || *end != ' ' ? NULL : end + 1;
}

static bool is_quoted(const char *text)
{
	const size_t length = strlen(text);

	return length >= 2 && text[0] == '"' &&
	       strchr(text + 1, '"') == text + length - 1;
}

/* Nothing but @accepts, and some of it. */
static bool is_all(const char *text, int (*accepts)(int))
{
	const char *end = text;

	while (accepts((unsigned char)*end))
		end++;

	return end != text && !*end;
}

int answer_line_parse(const char *line, struct answer_line *ret_answer)
{
	struct answer_line answer = { .has_failed = false };
	long pid, code;

	for (const char *c = line; *c; c++)
		if (iscntrl((unsigned char)*c))
			return -EBADMSG;

	answer.text = take_number(line, &pid);
	if (!answer.text || pid <= 0 || pid > INT_MAX)
		return -EBADMSG;

	answer.pid = (pid_t)pid;
	answer.has_failed = strncmp(answer.text, error, sizeof(error) - 1) == 0;
	if (answer.has_failed) {
		answer.text = take_number(answer.text + sizeof(error) - 1, &code);
		if (!answer.text || !is_quoted(answer.text))
			return -EBADMSG;
	} else if (strncmp(answer.text, ok, sizeof(ok) - 1) == 0) {
		if (!is_all(answer.text + sizeof(ok) - 1, isdigit))
			return -EBADMSG;
	} else if (!is_all(answer.text, isgraph)) {
		return -EBADMSG;
	}

	*ret_answer = answer;
	return 0;
}
