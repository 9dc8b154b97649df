/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.c on any text: the first page is a list, the others are the words of an argv.
 */
#include "options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* Of both sources. */
#define WHITE_SPACE " \t\r\n"

/* Options unlike the defaults, in which every change shows. */
static struct options marked(void)
{
	struct options options;

	memset(&options, 0, sizeof(options));
	options.lock_timeout_set = true;
	options.lock_timeout_ms = 77;
	memcpy(options.cuda_checkpoint, "marked", sizeof("marked"));
	options.parallel = 77;
	options.memory_image = OPTIONS_MEMORY_IMAGE_OFF;
	options.host_memory = 77;
	options.memory_threads = 77;
	options.prefault_threads = 77;
	memcpy(options.stats, "/marked", sizeof("/marked"));
	return options;
}

static bool same(const struct options *a, const struct options *b)
{
	return a->lock_timeout_set == b->lock_timeout_set &&
	       a->lock_timeout_ms == b->lock_timeout_ms &&
	       a->operation_timeout_ms == b->operation_timeout_ms &&
	       a->allow_shared_memory == b->allow_shared_memory &&
	       a->check_memory == b->check_memory && a->force == b->force &&
	       a->memory_image == b->memory_image && a->host_memory == b->host_memory &&
	       a->compress_memory == b->compress_memory &&
	       a->memory_threads == b->memory_threads && a->prefault == b->prefault &&
	       a->prefault_threads == b->prefault_threads && a->parallel == b->parallel &&
	       strcmp(a->stats, b->stats) == 0 &&
	       strcmp(a->cuda_checkpoint, b->cuda_checkpoint) == 0;
}

static bool is_number(unsigned int number, unsigned int max)
{
	return number >= 1 && number <= max;
}

/* What holds of settings that were taken. */
static void check_taken(const struct options *options)
{
	const char *path = options->cuda_checkpoint;

	fuzz_check(memchr(path, '\0', sizeof(options->cuda_checkpoint)));
	fuzz_check(path[0] == '/' || (path[0] && !strchr(path, '/')));
	fuzz_check(memchr(options->stats, '\0', sizeof(options->stats)));
	fuzz_check(options->stats[0] == '/' && !fuzz_has_control(options->stats));
	fuzz_check(options->memory_image <= OPTIONS_MEMORY_IMAGE_OFF);
	fuzz_check(options->host_memory >= 1);
	fuzz_check(is_number(options->memory_threads, 1024));
	fuzz_check(is_number(options->parallel, 65536));
	fuzz_check(is_number(options->prefault_threads, 1024));
}

/* What holds after any parse. */
static void check_result(int ret, const struct options *before,
			 const struct options *after, const char *reason, size_t size)
{
	if (ret == 0) {
		check_taken(after);
		return;
	}

	fuzz_check(ret == -EINVAL);
	fuzz_check(same(before, after));
	fuzz_check(memchr(reason, '\0', size));
	fuzz_check(reason[0] && !fuzz_has_control(reason));
	/* Nothing was cut. */
	fuzz_check(strlen(reason) < size - 1);
}

static int parse_list(struct options *options, const char *text)
{
	char *reason autofree = malloc(OPTIONS_REASON_MAX);
	struct options before;
	int ret;

	memcpy(&before, options, sizeof(before));
	ret = options_parse_list(options, text, reason, OPTIONS_REASON_MAX);
	check_result(ret, &before, options, reason, OPTIONS_REASON_MAX);
	return ret;
}

static int parse_argv(struct options *options, int argc, char *const argv[])
{
	char *reason autofree = malloc(OPTIONS_REASON_MAX);
	struct options before;
	int ret;

	memcpy(&before, options, sizeof(before));
	ret = options_parse_argv(options, argc, argv, reason, OPTIONS_REASON_MAX);
	check_result(ret, &before, options, reason, OPTIONS_REASON_MAX);
	return ret;
}

/* A reason that does not fit is cut, and has its end. */
static void check_small_room(const char *text)
{
	size_t size = 1 + strlen(text) % 32;
	char *reason autofree = malloc(size);
	struct options options = marked();

	if (options_parse_list(&options, text, reason, size) == 0)
		return;

	fuzz_check(memchr(reason, '\0', size));
	fuzz_check(!fuzz_has_control(reason));
}

static int parse_word(struct options *options, const char *prefix, const char *item)
{
	size_t size = strlen(prefix) + strlen(item) + 1;
	char *word autofree = malloc(size);
	char *argv[] = { NULL, word, NULL };

	fuzz_check(word);
	snprintf(word, size, "%s%s", prefix, item);
	return parse_argv(options, 2, argv);
}

/* An item means the same in a list and after "--cuda_plugin." or "--". */
static int parse_item(struct options *options, const char *item)
{
	struct options by_list = *options, by_argv = *options, by_short_argv = *options;
	int ret = parse_list(&by_list, item);

	if (item[strspn(item, WHITE_SPACE)]) {
		fuzz_check(parse_word(&by_argv, "--cuda_plugin.", item) == ret);
		fuzz_check(same(&by_argv, &by_list));
		/* What is before a point is the name of a plugin. */
		if (item[strcspn(item, ".=")] != '.') {
			fuzz_check(parse_word(&by_short_argv, "--", item) == ret);
			fuzz_check(same(&by_short_argv, &by_list));
		}
	}

	*options = by_list;
	return ret;
}

/* A list is its items, one after the other; one that is bad makes it bad. */
static void check_list(const char *text)
{
	struct options whole = marked(), parts = marked();
	char *copy autofree = strdup(text);
	char *rest = copy, *item;
	int ret = 0;

	fuzz_check(copy);
	while (ret == 0 && (item = strsep(&rest, ",")))
		ret = parse_item(&parts, item);

	fuzz_check(parse_list(&whole, text) == ret);
	if (ret == 0)
		fuzz_check(same(&whole, &parts));
}

static void check_argv(const struct fuzz_pages *pages)
{
	struct options options = marked();
	char *argv[FUZZ_PAGES_MAX + 1] = { NULL };

	for (unsigned int i = 0; i < pages->count; i++)
		argv[i] = pages->at[i].text;
	(void)parse_argv(&options, (int)pages->count, argv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_pages pages;

	fuzz_pages_cut(&pages, data, size);
	check_list(pages.at[0].text);
	check_small_room(pages.at[0].text);
	check_argv(&pages);
	fuzz_pages_release(&pages);
	return 0;
}
