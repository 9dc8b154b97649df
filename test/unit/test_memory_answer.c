/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory_answer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const pid_t pids[] = { 7, 2147483647, 8 };

static void each_line_is_read_in_its_order(void **state)
{
	static const char text[] = "7 1619001344\n2147483647 unknown\n8 0\n";
	uint64_t bytes[3] = { 1, 1, 1 };

	(void)state;
	assert_int_equal(memory_answer_parse(text, strlen(text), pids, 3, bytes), 0);

	assert_true(bytes[0] == 1619001344);
	assert_true(bytes[1] == MEMORY_UNKNOWN);
	assert_true(bytes[2] == 0);
}

/* To the question about 7 and 2147483647. */
static const char *const rubbish[] = {
	"",
	"\n",
	"hello\n",
	"7 5\n",
	"7 5\n2147483647 6",
	"7 5\n2147483647 6\n8 7\n",
	"7 5\n2147483647 6\n\n",
	"7 5\n2147483647 6 \n",
	"7 5 2147483647 6\n",
	"2147483647 6\n7 5\n",
	"7 5\n8 6\n",
	"77 5\n2147483647 6\n",
	" 7 5\n2147483647 6\n",
	"7  5\n2147483647 6\n",
	"7\t5\n2147483647 6\n",
	"7\n2147483647 6\n",
	"7 \n2147483647 6\n",
	"7 -5\n2147483647 6\n",
	"7 +5\n2147483647 6\n",
	"7 5x\n2147483647 6\n",
	"7 5.0\n2147483647 6\n",
	"7 0x5\n2147483647 6\n",
	"7 18446744073709551616\n2147483647 6\n",
	"7 Unknown\n2147483647 6\n",
	"7 unknown 5\n2147483647 6\n",
	"7 unknown",
};

static void rubbish_is_no_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rubbish); i++) {
		uint64_t bytes[2];
		int ret = memory_answer_parse(rubbish[i], strlen(rubbish[i]), pids, 2,
					      bytes);

		if (ret != -EBADMSG)
			fail_msg("\"%s\": %d", rubbish[i], ret);
	}
}

static void bytes_behind_the_end_are_rubbish_too(void **state)
{
	static const char text[] = "7 5\n\0 hidden";
	uint64_t bytes;

	(void)state;
	assert_int_equal(memory_answer_parse(text, sizeof(text) - 1, pids, 1, &bytes),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_read_in_its_order),
		cmocka_unit_test(rubbish_is_no_answer),
		cmocka_unit_test(bytes_behind_the_end_are_rubbish_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
