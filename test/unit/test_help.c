/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "help.h"
#include "contract.h"

/* Word for word: callers, of other versions too, look for it. */
static void several_pids_are_promised_on_a_line_of_its_own(void **state)
{
	struct capture help;
	const char *line;

	(void)state;
	capture_begin(&help, stdout);
	help_print(stdout);
	capture_end(&help);

	assert_string_equal(CONTRACT_SEVERAL_PIDS, "Several --pid: all at once.");
	line = strstr(help.text, "\n    Several --pid: all at once.\n");
	assert_non_null(line);
	assert_null(strstr(line + 6, "Several --pid"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_pids_are_promised_on_a_line_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
