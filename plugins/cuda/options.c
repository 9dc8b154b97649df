/* SPDX-License-Identifier: GPL-2.0-only */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Seconds: digits, and maybe a point and one to three digits. No sign, no exponent. */
static bool parse_ms(const char *value, unsigned int *ret_ms)
{
	uint64_t ms = 0;
	bool has_decimals;

	if (!is_digit(*value))
		return false;
	for (; is_digit(*value) && ms <= UINT_MAX; value++)
		ms = ms * 10 + (uint64_t)(*value - '0');

	has_decimals = value[0] == '.' && is_digit(value[1]);
	value += has_decimals;
	for (int i = 0; i < 3; i++) {
		ms *= 10;
		if (has_decimals && is_digit(*value))
			ms += (uint64_t)(*value++ - '0');
	}

	if (*value || ms > UINT_MAX)
		return false;

	*ret_ms = (unsigned int)ms;
	return true;
}

static bool set_timeout(struct options *options, const char *value)
{
	if (!parse_ms(value, &options->lock_timeout_ms))
		return false;

	options->lock_timeout_set = true;
	return true;
}

static bool set_operation_timeout(struct options *options, const char *value)
{
	return parse_ms(value, &options->operation_timeout_ms);
}

static bool copy_path(const char *value, char path[PATH_MAX])
{
	size_t length = strlen(value);

	/* CRIU works in a folder of its own: a path from the user's would mislead. */
	if (strchr(value, '/') && value[0] != '/')
		return false;
	if (length == 0 || length >= PATH_MAX)
		return false;
	/* It is part of what is logged. */
	for (size_t i = 0; i < length; i++)
		if (iscntrl((unsigned char)value[i]))
			return false;

	memcpy(path, value, length + 1);
	return true;
}

static bool set_cuda_checkpoint(struct options *options, const char *value)
{
	return copy_path(value, options->cuda_checkpoint);
}

static bool set_stats(struct options *options, const char *value)
{
	return value[0] == '/' && copy_path(value, options->stats);
}

/* From 1 to @max, digits alone. */
static bool parse_number(const char *value, unsigned int max, unsigned int *ret_number)
{
	unsigned int number = 0;

	for (; is_digit(*value) && number <= max; value++)
		number = number * 10 + (unsigned int)(*value - '0');
	if (*value || number < 1 || number > max)
		return false;

	*ret_number = number;
	return true;
}

static bool set_parallel(struct options *options, const char *value)
{
	return parse_number(value, PARALLEL_MAX, &options->parallel);
}

static bool set_prefault_threads(struct options *options, const char *value)
{
	return parse_number(value, THREADS_MAX, &options->prefault_threads);
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

static bool parse_bool(const char *value, bool *ret_bool)
{
	static const char *const words[][2] = {
		{ "off", "on" },
		{ "no", "yes" },
		{ "0", "1" },
		{ "false", "true" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		for (int on = 0; on < 2; on++) {
			if (strcmp(value, words[i][on]) != 0)
				continue;

			*ret_bool = on;
			return true;
		}
	}

	return false;
}

static bool set_memory_check(struct options *options, const char *value)
{
	return parse_bool(value, &options->check_memory);
}

static bool set_prefault(struct options *options, const char *value)
{
	return parse_bool(value, &options->prefault);
}

static bool set_force(struct options *options, const char *value)
{
	return parse_bool(value, &options->force);
}

#define SECONDS "seconds, 0 for no limit, at most 3 decimals, up to 4294967.295"
#define BOOL	"on, off, yes, no, 1, 0, true or false"

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
	{ "parallel", NULL, "a number from 1 to 65536", set_parallel },
	{ "prefault", "on", BOOL, set_prefault },
	{ "prefault-threads", NULL, "a number from 1 to 1024", set_prefault_threads },
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
		.cuda_checkpoint = "cuda-checkpoint",
		.check_memory = true,
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
