/* SPDX-License-Identifier: GPL-2.0-only */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crew.h"
#include "option_value.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define OUR_PREFIX   "cuda_plugin."
#define WHITE_SPACE  " \t\r\n"
#define PARALLEL_MAX 65536
#define THREADS_MAX  1024

/* Where the reason of a failure goes. */
struct reason {
	char *text;
	size_t size;
};

/* What the user wrote is quoted in it, but it stays one line. Return: @error. */
static printf_format(3, 4) int refuse(const struct reason *reason, int error,
				      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason->text, reason->size, format, args);
	va_end(args);

	for (size_t i = 0; i < reason->size && reason->text[i]; i++) {
		if (iscntrl((unsigned char)reason->text[i]))
			reason->text[i] = '?';
	}

	return error;
}

static bool set_timeout(struct options *options, const char *value)
{
	if (!option_value_ms(value, &options->lock_timeout_ms))
		return false;

	options->lock_timeout_set = true;
	return true;
}

static bool set_operation_timeout(struct options *options, const char *value)
{
	return option_value_ms(value, &options->operation_timeout_ms);
}

static bool set_cuda_checkpoint(struct options *options, const char *value)
{
	return option_value_path(value, options->cuda_checkpoint);
}

static bool set_stats(struct options *options, const char *value)
{
	return value[0] == '/' && option_value_path(value, options->stats);
}

static bool set_parallel(struct options *options, const char *value)
{
	return option_value_number(value, PARALLEL_MAX, &options->parallel);
}

static bool set_prefault_threads(struct options *options, const char *value)
{
	return option_value_number(value, THREADS_MAX, &options->prefault_threads);
}

/* There is one backend so far, so there is nothing to remember. */
static bool set_backend(struct options *options, const char *value)
{
	(void)options;
	return strcmp(value, "auto") == 0 || strcmp(value, "cuda-checkpoint") == 0;
}

static bool set_shared_memory(struct options *options, const char *value)
{
	options->allow_shared_memory = strcmp(value, "warn") == 0;
	return options->allow_shared_memory || strcmp(value, "refuse") == 0;
}

static bool set_memory_check(struct options *options, const char *value)
{
	return option_value_bool(value, &options->check_memory);
}

static bool set_memory_image(struct options *options, const char *value)
{
	bool on;

	if (strcmp(value, "auto") == 0) {
		options->memory_image = OPTIONS_MEMORY_IMAGE_AUTO;
		return true;
	}
	if (!option_value_bool(value, &on))
		return false;

	options->memory_image = on ? OPTIONS_MEMORY_IMAGE_ON : OPTIONS_MEMORY_IMAGE_OFF;
	return true;
}

static bool set_host_memory(struct options *options, const char *value)
{
	return option_value_bytes(value, &options->host_memory);
}

static bool set_memory_compression(struct options *options, const char *value)
{
	options->compress_memory = strcmp(value, "zstd") == 0;
	return options->compress_memory || strcmp(value, "none") == 0;
}

static bool set_memory_threads(struct options *options, const char *value)
{
	return option_value_number(value, CREW_HANDS_MAX, &options->memory_threads);
}

static bool set_prefault(struct options *options, const char *value)
{
	return option_value_bool(value, &options->prefault);
}

static bool set_force(struct options *options, const char *value)
{
	return option_value_bool(value, &options->force);
}

#define SECONDS "seconds, 0 for no limit, at most 3 decimals, up to 4294967.295"
#define BOOL	"on, off, yes, no, 1, 0, true or false"
#define SIZE	"bytes, or a number with K, M, G or T, up to 16777215T"
#define THREADS "a number from 1 to 1024"

_Static_assert(CREW_HANDS_MAX == 64, "as the text of memory-threads says");

static const struct key {
	const char *name;
	const char *bare;   /* the value when none is given; NULL: must be given */
	const char *values; /* what is accepted, for people */
	bool (*set)(struct options *options, const char *value);
} keys[] = {
	{ "timeout", NULL, SECONDS, set_timeout },
	{ "operation-timeout", NULL, SECONDS, set_operation_timeout },
	{ "cuda-checkpoint", NULL, "the absolute path or the name of a program",
	  set_cuda_checkpoint },
	{ "backend", NULL, "auto or cuda-checkpoint", set_backend },
	{ "shared-memory", NULL, "refuse or warn", set_shared_memory },
	{ "memory-check", "on", BOOL, set_memory_check },
	{ "memory-image", "on", "auto, " BOOL, set_memory_image },
	{ "host-memory", NULL, SIZE, set_host_memory },
	{ "memory-compression", NULL, "none or zstd", set_memory_compression },
	{ "memory-threads", NULL, "a number from 1 to 64", set_memory_threads },
	{ "parallel", NULL, "a number from 1 to 65536", set_parallel },
	{ "prefault", "on", BOOL, set_prefault },
	{ "prefault-threads", NULL, THREADS, set_prefault_threads },
	{ "stats", NULL, "the absolute path of a file", set_stats },
	{ "force", "on", BOOL, set_force },
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(name, keys[i].name) == 0)
			return &keys[i];
	}

	return NULL;
}

static int refuse_key(const char *name, const struct reason *reason)
{
	char known[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(keys) && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 i ? ", " : "", keys[i].name);

	return refuse(reason, -EINVAL, "there is no option \"%.64s\"; the options are %s",
		      name, known);
}

static int refuse_value(const struct key *key, const char *value,
			const struct reason *reason)
{
	if (!value)
		return refuse(reason, -EINVAL, "option \"%s\" needs a value; it takes %s",
			      key->name, key->values);

	return refuse(reason, -EINVAL, "option \"%s\" cannot be \"%.64s\"; it takes %s",
		      key->name, value, key->values);
}

/* Where both sources meet. @value is NULL when there was no '='. */
static int option_set(struct options *options, const char *name, const char *value,
		      const struct reason *reason)
{
	const struct key *key = find_key(name);
	const char *effective;

	if (!key)
		return refuse_key(name, reason);

	effective = value ? value : key->bare;
	if (!effective || !key->set(options, effective))
		return refuse_value(key, value, reason);

	return 0;
}

/* @text without the white space around it; it is written into. */
static char *trim(char *text)
{
	size_t length;

	text += strspn(text, WHITE_SPACE);
	length = strlen(text);
	while (length > 0 && strchr(WHITE_SPACE, text[length - 1]))
		length--;
	text[length] = '\0';

	return text;
}

/* "KEY=VALUE" or "KEY"; it is written into. */
static int set_from_item(struct options *options, char *item, const struct reason *reason)
{
	char *value = item;
	char *name = strsep(&value, "=");

	return option_set(options, trim(name), value ? trim(value) : NULL, reason);
}

static int set_from_list(struct options *options, char *list, const struct reason *reason)
{
	char *item;

	while ((item = strsep(&list, ","))) {
		int ret;

		item = trim(item);
		if (!*item)
			continue;

		ret = set_from_item(options, item, reason);
		if (ret < 0)
			return ret;
	}

	return 0;
}

/* Our keys have no point in them, so one before the '=' ends a plugin's name. */
static bool is_for_other_plugin(const char *option)
{
	return option[strcspn(option, ".=")] == '.';
}

static int set_from_word(struct options *options, const char *word,
			 const struct reason *reason)
{
	char *item autofree = NULL;

	if (strncmp(word, "--", 2) != 0)
		return refuse(reason, -EINVAL, "\"%.64s\" is not an option", word);

	word += 2;
	if (strncmp(word, OUR_PREFIX, strlen(OUR_PREFIX)) == 0)
		word += strlen(OUR_PREFIX);
	else if (is_for_other_plugin(word))
		return 0;

	item = strdup(word);
	if (!item)
		return refuse(reason, -ENOMEM, "out of memory");

	return set_from_item(options, item, reason);
}

void options_init(struct options *options)
{
	*options = (struct options){
		.cuda_checkpoint = UTILITY,
		.check_memory = true,
		.prefault = true,
	};
}

int options_parse_list(struct options *options, const char *text, char *ret_reason,
		       size_t size)
{
	const struct reason reason = { .text = ret_reason, .size = size };
	struct options parsed = *options;
	char *list autofree = strdup(text ? text : "");
	int ret;

	if (!list)
		return refuse(&reason, -ENOMEM, "out of memory");

	ret = set_from_list(&parsed, list, &reason);
	if (ret < 0)
		return ret;

	*options = parsed;
	return 0;
}

int options_parse_argv(struct options *options, int argc, char *const argv[],
		       char *ret_reason, size_t size)
{
	const struct reason reason = { .text = ret_reason, .size = size };
	struct options parsed = *options;

	for (int i = 1; i < argc; i++) {
		int ret = set_from_word(&parsed, argv[i], &reason);
		if (ret < 0)
			return ret;
	}

	*options = parsed;
	return 0;
}
