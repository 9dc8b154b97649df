/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The utility's command line, arguments.c and device_pairs.c: a page for each word.
 */
#include "arguments.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* What is said on stderr, from here to heard(). */
static struct {
	FILE *before;
	char *text;
	size_t size;
} ear;

static void listen(void)
{
	ear.before = stderr;
	stderr = open_memstream(&ear.text, &ear.size);
	fuzz_check(stderr);
}

/* Return: the text, which the caller frees. */
static char *heard(void)
{
	fclose(stderr);
	stderr = ear.before;
	return ear.text;
}

/* A command line that is refused is explained, one that is not is not talked about. */
static int parse(int argc, char *argv[], struct arguments *ret_arguments)
{
	char *said;
	int ret;

	memset(ret_arguments, 0, sizeof(*ret_arguments));
	listen();
	ret = arguments_parse(argc, argv, ret_arguments);
	said = heard();

	fuzz_check(ret == 0 || ret == -EINVAL);
	fuzz_check((ret == 0) == (said[0] == '\0'));
	fuzz_check(!said[0] || said[strlen(said) - 1] == '\n');
	free(said);
	return ret;
}

static void check_each_once(const int *pids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			fuzz_check(pids[i] != pids[j]);
}

/* What was read makes sense as a whole; --help wins over what does not. */
static void check_sense(const struct arguments *arguments)
{
	const bool action = arguments->operation == OPERATION_ACTION;

	fuzz_check(arguments->operation != OPERATION_NONE);
	fuzz_check(!arguments->device_map.count == !arguments->device_map.pairs);
	if (arguments->operation == OPERATION_HELP)
		return;

	fuzz_check(arguments->pid > 0 && arguments->pid_count > 0);
	fuzz_check(arguments->pids[arguments->pid_count - 1] == arguments->pid);
	if (arguments->pid_count > 1)
		fuzz_check(arguments->operation != OPERATION_TOGGLE);
	if (arguments->operation != OPERATION_GET_MEMORY)
		check_each_once(arguments->pids, arguments->pid_count);
	if (action)
		fuzz_check(arguments->action >= CUDA_LOCK &&
			   arguments->action <= CUDA_UNLOCK);
	if (arguments->timeout_given)
		fuzz_check(arguments->operation == OPERATION_TOGGLE ||
			   (action && arguments->action == CUDA_LOCK));
	if (arguments->device_map.count)
		fuzz_check(action && arguments->action == CUDA_RESTORE);
}

static void print_uuid(FILE *stream, const unsigned char *uuid, const char *end)
{
	fputs("GPU-", stream);
	for (int i = 0; i < DEVICE_UUID_SIZE; i++)
		fprintf(stream, "%s%02x", i >= 4 && i <= 10 && i % 2 == 0 ? "-" : "",
			uuid[i]);
	fputs(end, stream);
}

/* A device map that is written out reads as it was. */
static void check_device_map(const struct device_pairs *map)
{
	struct device_pairs again = { .pairs = NULL };
	char *text = NULL;
	size_t size;
	FILE *stream;

	if (!map->count)
		return;

	stream = open_memstream(&text, &size);
	fuzz_check(stream);
	for (unsigned int i = 0; i < map->count; i++) {
		print_uuid(stream, map->pairs[i].from, "=");
		print_uuid(stream, map->pairs[i].to, i + 1 < map->count ? "," : "");
	}
	fclose(stream);

	fuzz_check(device_pairs_parse(text, &again) == 0 && again.count == map->count);
	fuzz_check(memcmp(again.pairs, map->pairs, map->count * sizeof(*map->pairs)) ==
		   0);
	device_pairs_release(&again);
	free(text);
}

/* getopt may have reordered the words: that changes nothing. */
static void check_again(int ret, int argc, char *argv[],
			const struct arguments *arguments)
{
	struct arguments again;

	fuzz_check(parse(argc, argv, &again) == ret);
	fuzz_check(again.operation == arguments->operation);
	fuzz_check(again.action == arguments->action && again.pid == arguments->pid);
	fuzz_check(again.timeout_given == arguments->timeout_given);
	fuzz_check(again.timeout_ms == arguments->timeout_ms);
	fuzz_check(again.device_map.count == arguments->device_map.count);
	arguments_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[FUZZ_PAGES_MAX + 2] = { (char[]){ "cuda-checkpoint" } };
	struct arguments arguments;
	struct fuzz_pages pages;
	int argc, ret;

	fuzz_pages_cut(&pages, data, size);
	for (unsigned int i = 0; i < pages.count; i++)
		argv[1 + i] = pages.at[i].text;
	argc = 1 + (int)pages.count;

	ret = parse(argc, argv, &arguments);
	if (ret == 0) {
		check_sense(&arguments);
		check_device_map(&arguments.device_map);
	}
	check_again(ret, argc, argv, &arguments);

	arguments_release(&arguments);
	fuzz_pages_release(&pages);
	return 0;
}
