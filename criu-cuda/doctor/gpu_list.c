/* SPDX-License-Identifier: GPL-2.0-only */
#include "gpu_list.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "utility.h"

#define PROGRAM	   "nvidia-smi"
#define ANSWER_MS  20000 /* of a node with eight idle GPUs, too */
#define NUMBER_MAX 10	 /* digits */

static void skip_blanks(const char **text)
{
	*text += strspn(*text, " ");
}

/* The length of the field at @text, without blanks at its end. */
static size_t field_length(const char *text)
{
	size_t length = strcspn(text, ",\n");

	while (length && text[length - 1] == ' ')
		length--;
	return length;
}

static int skip_comma(const char **text)
{
	*text += strcspn(*text, ",\n");
	if (**text != ',')
		return -EBADMSG;

	(*text)++;
	skip_blanks(text);
	return 0;
}

/* All of a field has to be digits. */
static int take_number(const char **text, uint64_t *ret_number)
{
	const size_t length = field_length(*text);

	if (!length || length > NUMBER_MAX || strspn(*text, "0123456789") != length)
		return -EBADMSG;

	*ret_number = strtoull(*text, NULL, 10);
	return skip_comma(text);
}

static bool is_word(const char *text, const char *word)
{
	return field_length(text) == strlen(word) && !strncmp(text, word, strlen(word));
}

static int take_setting(const char **text, enum gpu_setting *ret_setting)
{
	*ret_setting = is_word(*text, "Enabled")    ? GPU_SETTING_ON
		       : is_word(*text, "Disabled") ? GPU_SETTING_OFF
						    : GPU_SETTING_UNKNOWN;
	return skip_comma(text);
}

/* The rest of the line, commas and all. */
static void take_name(const char **text, char *name, size_t size)
{
	size_t length = strcspn(*text, "\n");

	snprintf(name, size, "%.*s", (int)(length < size ? length : size - 1), *text);
	for (; *name; name++)
		if (iscntrl((unsigned char)*name))
			*name = '?';
	*text += length;
}

static int take_line(const char **text, struct gpu *gpu)
{
	uint64_t number = 0;
	int ret;

	skip_blanks(text);
	ret = take_number(text, &number);
	if (ret || number > UINT16_MAX)
		return -EBADMSG;

	gpu->index = (unsigned int)number;
	ret = take_setting(text, &gpu->persistence);
	if (!ret)
		ret = take_setting(text, &gpu->mig);
	if (ret)
		return ret;

	/* "[N/A]" where it shares the memory of the host. */
	number = 0;
	if (take_number(text, &number) && skip_comma(text))
		return -EBADMSG;

	gpu->memory = number << 20;
	take_name(text, gpu->name, sizeof(gpu->name));
	return 0;
}

int gpu_list_parse(const char *text, struct gpu_list *ret_list)
{
	struct gpu_list list = { .count = 0 };
	struct gpu gpu;
	int ret;

	while (*text) {
		ret = take_line(&text, &gpu);
		if (ret)
			return ret;
		if (list.count < GPU_LIST_MAX)
			list.at[list.count++] = gpu;
		text += *text == '\n';
	}

	*ret_list = list;
	return 0;
}

int gpu_list_ask(struct gpu_list *ret_list, char *ret_reason, size_t size)
{
	static const char *const argv[] = {
		PROGRAM,
		"--query-gpu=index,persistence_mode,mig.mode.current,memory.total,name",
		"--format=csv,noheader,nounits",
		NULL,
	};
	struct spawn_result result = { .status = 0 };
	char message[UTILITY_MESSAGE_SIZE] = "";
	int ret;

	ret = utility_run(argv, ANSWER_MS, &result, message);
	if (ret == -ENOENT)
		snprintf(message, sizeof(message), "there is no \"" PROGRAM "\"");
	if (!ret && gpu_list_parse(result.out.text, ret_list)) {
		ret = -EBADMSG;
		snprintf(message, sizeof(message), "what it says cannot be understood");
	}
	if (ret)
		snprintf(ret_reason, size, "%s", message);

	return ret;
}
