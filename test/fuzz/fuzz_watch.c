/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is read to watch a dump: a page of fdinfo, open_files.c; CRIU's log, log_tail.c;
 * and a command line, criu_process.c.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "watch/criu_process.h"
#include "watch/log_tail.h"
#include "watch/open_files.h"

#define UNTOUCHED 4711

static void read_position(const char *text)
{
	uint64_t position = UNTOUCHED;
	int ret;

	ret = open_file_parse_position(text, &position);
	fuzz_check(ret == 0 || (ret == -EBADMSG && position == UNTOUCHED));
	fuzz_check(ret || strncmp(text, "pos:\t", 5) == 0);
}

static void read_log(const char *text, size_t size)
{
	struct log_tail tail;

	log_tail_parse(text, size, &tail);
	fuzz_check(tail.outcome <= LOG_SAYS_FAILED);
	fuzz_check(strnlen(tail.line, sizeof(tail.line)) < sizeof(tail.line));
	fuzz_check(!strchr(tail.line, '\n'));
	fuzz_check(!tail.line[0] || memmem(text, size, tail.line, strlen(tail.line)));
}

static void read_words(const char *words, size_t size)
{
	enum criu_work work;
	const bool is_criu = criu_process_parse(words, size, &work);

	fuzz_check(work <= CRIU_RESTORES);
	fuzz_check(work == CRIU_WORK_UNKNOWN || is_criu);
	fuzz_check(!is_criu || memmem(words, size, "criu", 5));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_pages pages;

	fuzz_pages_cut(&pages, data, size);
	read_position(pages.at[0].text);
	if (pages.count > 1)
		read_log(pages.at[1].text, pages.at[1].size);
	if (pages.count > 2)
		read_words(pages.at[2].text, pages.at[2].size);
	fuzz_pages_release(&pages);
	return 0;
}
