/* SPDX-License-Identifier: GPL-2.0-only */
#include "utility.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The driver's words, in which NVIDIA's utility and ours report it. */
#define SAYS_NOT_CUDA	 "\"initialization error\""
#define SAYS_NO_THREAD	 "Could not find restore thread for process ID "
#define SAYS_NOT_READY	 "\"device not ready\""
#define SAYS_WRONG_STATE "\"the operation cannot be performed in the present state\""

static bool says(const struct spawn_result *result, const char *text)
{
	return strstr(result->err.text, text) || strstr(result->out.text, text);
}

void utility_keep_message(struct utility_answer *answer)
{
	const struct spawn_result *result = &answer->result;
	const bool cut = result->err.truncated || result->out.truncated;
	char *message = answer->message;

	snprintf(message, sizeof(answer->message), "%s%s%s", result->err.text,
		 result->out.text, cut ? " (cut)" : "");

	for (size_t end = strlen(message); end && message[end - 1] == '\n'; end--)
		message[end - 1] = '\0';
	for (; *message; message++)
		if (iscntrl((unsigned char)*message))
			*message = *message == '\n' ? ';' : '?';
	if (!answer->message[0] && result->status > 128)
		snprintf(answer->message, sizeof(answer->message),
			 "the utility was ended by signal %d", result->status - 128);
	else if (!answer->message[0])
		snprintf(answer->message, sizeof(answer->message),
			 "it ended with status %d and said nothing", result->status);
}

/* The error that a failed run of the utility stands for. */
static int error_of(const struct spawn_result *result)
{
	if (says(result, SAYS_NOT_CUDA) || says(result, SAYS_NO_THREAD))
		return -ENXIO;
	if (says(result, SAYS_NOT_READY))
		return -ETIMEDOUT;
	if (says(result, SAYS_WRONG_STATE))
		return -EBUSY;

	return -EIO;
}

static void explain_not_run(const char *program, int error, unsigned int timeout_ms,
			    struct utility_answer *answer)
{
	char *message = answer->message;
	size_t size = sizeof(answer->message);

	if (error == -ENOENT)
		snprintf(message, size,
			 "there is no \"%s\"; put cuda-checkpoint on PATH, or name it "
			 "with the option cuda-checkpoint",
			 program);
	else if (error == -ETIMEDOUT)
		snprintf(message, size, "no answer in %u ms", timeout_ms);
	else
		snprintf(message, size, "cannot run \"%s\": %s", program,
			 strerror(-error));
}

/*
 * What it means to the callers that the utility could not be run. Most errors would
 * stand for something else there: "no CUDA here" is never a guess from a failure.
 */
static int error_of_not_run(int error)
{
	static const int known[] = { -ENOENT, -ETIMEDOUT, -ENOMEM,
				     -ESRCH,  -ECANCELED, SPAWN_LEAVE };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (error == known[i])
			return error;

	return -EIO;
}

int utility_run(const char *const argv[], unsigned int timeout_ms,
		const struct spawn_watch *watch, struct utility_answer *answer)
{
	int ret;

	ret = spawn_run(argv, timeout_ms, watch, &answer->result);
	if (ret) {
		explain_not_run(argv[0], ret, timeout_ms, answer);
		return error_of_not_run(ret);
	}
	if (answer->result.status == 0)
		return 0;

	utility_keep_message(answer);
	return error_of(&answer->result);
}

const char *utility_word(struct utility_answer *answer)
{
	struct spawn_output *out = &answer->result.out;
	size_t length = 0;

	while (isgraph((unsigned char)out->text[length]))
		length++;
	if (length && out->length == length + 1 && out->text[length] == '\n') {
		out->text[length] = '\0';
		return out->text;
	}

	utility_keep_message(answer);
	return NULL;
}
