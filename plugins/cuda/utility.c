/* SPDX-License-Identifier: GPL-2.0-only */
#include "utility.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CUT	      " (cut)"

/* The driver's words, in which NVIDIA's utility and ours report it. */
static const struct meaning {
	const char *words;
	int error;
} meanings[] = {
	{ "\"initialization error\"", -ENXIO },
	{ "Could not find restore thread for process ID ", -ENXIO },
	{ "\"device not ready\"", -ETIMEDOUT },
	{ "\"the operation cannot be performed in the present state\"", -EBUSY },
};

/* One line, of which nothing acts on a terminal. */
static void make_line(char *text)
{
	for (size_t end = strlen(text); end && text[end - 1] == '\n'; end--)
		text[end - 1] = '\0';
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = *text == '\n' ? ';' : '?';
}

void utility_quote(const struct spawn_result *result,
		   char ret_message[UTILITY_MESSAGE_SIZE])
{
	const size_t room = UTILITY_MESSAGE_SIZE - sizeof(CUT) + 1;
	int length;

	length = snprintf(ret_message, room, "%s%s", result->err.text, result->out.text);
	make_line(ret_message);
	if (length >= (int)room || result->err.truncated || result->out.truncated)
		memcpy(ret_message + strlen(ret_message), CUT, sizeof(CUT));
	else if (!ret_message[0] && result->status > 128)
		snprintf(ret_message, room, "the utility was ended by signal %d",
			 result->status - 128);
	else if (!ret_message[0])
		snprintf(ret_message, room, "it ended with status %d and said nothing",
			 result->status);
}

int utility_judge_words(const char *words)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (strstr(words, meanings[i].words))
			return meanings[i].error;

	return -EIO;
}

int utility_judge(const struct spawn_result *result,
		  char ret_message[UTILITY_MESSAGE_SIZE])
{
	int ret;

	if (result->status == 0)
		return 0;

	utility_quote(result, ret_message);

	/* In either stream, and beyond what the message holds. */
	ret = utility_judge_words(result->err.text);
	return ret == -EIO ? utility_judge_words(result->out.text) : ret;
}

int utility_explain(const char *program, int error, unsigned int timeout_ms,
		    char ret_message[UTILITY_MESSAGE_SIZE])
{
	const size_t size = UTILITY_MESSAGE_SIZE;

	if (error == -ENOENT)
		snprintf(ret_message, size,
			 "there is no \"%s\"; put cuda-checkpoint on PATH, or name it "
			 "with the option cuda-checkpoint",
			 program);
	else if (error == -ETIMEDOUT)
		snprintf(ret_message, size, "no answer in %u ms", timeout_ms);
	else
		snprintf(ret_message, size, "cannot run \"%s\": %s", program,
			 strerror(-error));

	return error == -ENOENT || error == -ETIMEDOUT || error == -ENOMEM ? error : -EIO;
}

const char *utility_word(struct spawn_result *result)
{
	struct spawn_output *out = &result->out;
	size_t length = 0;

	while (isgraph((unsigned char)out->text[length]))
		length++;
	if (!length || out->length != length + 1 || out->text[length] != '\n')
		return NULL;

	out->text[length] = '\0';
	return out->text;
}

int utility_run(const char *const argv[], unsigned int timeout_ms,
		struct spawn_result *ret_result, char ret_message[UTILITY_MESSAGE_SIZE])
{
	int ret;

	ret_message[0] = '\0';
	ret = spawn_run(argv, timeout_ms, ret_result);
	if (ret)
		return utility_explain(argv[0], ret, timeout_ms, ret_message);

	return utility_judge(ret_result, ret_message);
}
