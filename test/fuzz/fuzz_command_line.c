/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line of criu-cuda, command_line.c: a page for each word.
 */
#include "command_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "fuzz.h"

/* A command line that is refused is explained, one that is not is not talked about. */
static int parse(int argc, char *argv[], struct command_line *ret_line)
{
	FILE *before = stderr;
	size_t size = 0;
	char *said = NULL;
	int ret;

	stderr = open_memstream(&said, &size);
	fuzz_check(stderr);
	ret = command_line_parse(argc, argv, ret_line);
	fclose(stderr);
	stderr = before;

	fuzz_check(ret == 0 || ret == -EINVAL);
	fuzz_check((ret == 0) == (said[0] == '\0'));
	fuzz_check(!said[0] || said[size - 1] == '\n');
	free(said);
	return ret;
}

/* The directory or file is one of the words. */
static void check_word(const char *word, int argc, char *argv[])
{
	int i = 1;

	while (i < argc && argv[i] != word)
		i++;
	fuzz_check(i < argc);
}

/* No option is taken that the command does not have. */
static void check_options(const struct command_line *line)
{
	fuzz_check(!line->json || line->command == COMMAND_INSPECT ||
		   line->command == COMMAND_DOCTOR);
	fuzz_check(!line->libdir || line->command == COMMAND_INSPECT ||
		   line->command == COMMAND_DOCTOR);
	fuzz_check(!line->libdir || *line->libdir);
	fuzz_check(!line->restorable || line->command == COMMAND_INSPECT);
	fuzz_check(!line->threads || line->command == COMMAND_VERIFY);
	fuzz_check(line->command != COMMAND_RECOVER || !line->pid != !line->tree);
	fuzz_check(!line->pid || line->command == COMMAND_RECOVER ||
		   line->command == COMMAND_DOCTOR);
	fuzz_check((!line->tree && !line->images) || line->command == COMMAND_RECOVER);
	fuzz_check(line->pid >= 0 && line->tree >= 0);
	fuzz_check(line->threads <= CREW_HANDS_MAX);
	fuzz_check(!line->svg || line->command == COMMAND_STATS);
	fuzz_check(!line->line_number || line->command == COMMAND_STATS);
	fuzz_check(!line->interval_s || line->command == COMMAND_WATCH);
	fuzz_check(line->interval_s <= 3600);
}

/* What follows the command. */
static void check_operand(const struct command_line *line, int argc, char *argv[])
{
	if (line->command == COMMAND_INSPECT || line->command == COMMAND_VERIFY)
		check_word(line->directory, argc, argv);
	else
		fuzz_check(!line->directory);
	if (line->command == COMMAND_STATS)
		check_word(line->file, argc, argv);
	else
		fuzz_check(!line->file);
	if (line->command == COMMAND_WATCH)
		check_word(line->place, argc, argv);
	else
		fuzz_check(!line->place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[FUZZ_PAGES_MAX + 2] = { (char[]){ "criu-cuda" } };
	struct command_line line, again;
	struct fuzz_pages pages;
	int argc, ret;

	fuzz_pages_cut(&pages, data, size);
	for (unsigned int i = 0; i < pages.count; i++)
		argv[1 + i] = pages.at[i].text;
	argc = 1 + (int)pages.count;

	ret = parse(argc, argv, &line);
	if (ret == 0) {
		check_options(&line);
		check_operand(&line, argc, argv);
	}

	/* getopt may have reordered the words: that changes nothing. */
	fuzz_check(parse(argc, argv, &again) == ret);
	if (ret == 0)
		fuzz_check(
			again.command == line.command && again.json == line.json &&
			again.restorable == line.restorable &&
			again.threads == line.threads && again.libdir == line.libdir &&
			again.pid == line.pid && again.tree == line.tree &&
			again.images == line.images &&
			again.directory == line.directory && again.file == line.file &&
			again.svg == line.svg && again.line_number == line.line_number &&
			again.place == line.place && again.interval_s == line.interval_s);

	fuzz_pages_release(&pages);
	return 0;
}
