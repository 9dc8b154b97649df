/* SPDX-License-Identifier: GPL-2.0-only */
#include "watch/criu_process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS(text)   (text), sizeof(text)

static void command_line_says_whether_and_what(void **state)
{
	static const struct {
		const char *words;
		size_t size;
		bool is_criu;
		enum criu_work work;
	} cases[] = {
		{ WORDS("criu\0dump\0-t\0004711"), true, CRIU_DUMPS },
		{ WORDS("criu\0pre-dump"), true, CRIU_DUMPS },
		{ WORDS("/usr/sbin/criu\0restore\0-D\0dump"), true, CRIU_RESTORES },
		{ WORDS("criu\0-v4\0restore"), true, CRIU_RESTORES },
		{ WORDS("criu\0swrk\0003"), true, CRIU_WORK_UNKNOWN },
		{ WORDS("criu"), true, CRIU_WORK_UNKNOWN },
		{ WORDS("ld-linux.so.2\0--argv0\0criu\0/x/criu\0dump"), true,
		  CRIU_DUMPS },
		{ WORDS("timeout\00010\0criu\0restore"), true, CRIU_RESTORES },
		{ WORDS("dump\0criu"), true, CRIU_WORK_UNKNOWN },
		{ WORDS("sh\0-c\0criu dump"), false, CRIU_WORK_UNKNOWN },
		{ WORDS("criu-cuda\0watch\0/x"), false, CRIU_WORK_UNKNOWN },
		{ WORDS("/criu/sh\0dump"), false, CRIU_WORK_UNKNOWN },
		{ WORDS(""), false, CRIU_WORK_UNKNOWN },
		{ "", 0, false, CRIU_WORK_UNKNOWN },
		{ "criu", 4, false, CRIU_WORK_UNKNOWN }, /* was cut */
		{ "criu\0dump", 9, true, CRIU_WORK_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		enum criu_work work;

		if (criu_process_parse(cases[i].words, cases[i].size, &work) !=
			    cases[i].is_criu ||
		    (cases[i].is_criu && work != cases[i].work))
			fail_msg("case %zu, \"%s\"", i, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(command_line_says_whether_and_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
