/* SPDX-License-Identifier: GPL-2.0-only */
#include "foreign_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text;
	const char *plain; /* for people */
	const char *json;
} cases[] = {
	/* clang-format off */
	{ "", "", "\"\"" },
	{ "NVIDIA 570.86.15", "NVIDIA 570.86.15", "\"NVIDIA 570.86.15\"" },
	{ "a\"b\\c/", "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
	{ "a\nb\tc\x01\x1f", "a?b?c??", "\"a\\u000ab\\u0009c\\u0001\\u001f\"" },
	{ "\x1b[2J\x7f", "?[2J?", "\"\\u001b[2J\\u007f\"" },
	/* U+00E9, U+20AC, U+1F600; the first and last of each length */
	{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ "\xc2\xa0\xdf\xbf", "\xc2\xa0\xdf\xbf", "\"\xc2\xa0\xdf\xbf\"" },
	{ "\xe0\xa0\x80\xef\xbf\xbf", "\xe0\xa0\x80\xef\xbf\xbf", "\"\xe0\xa0\x80\xef\xbf\xbf\"" },
	{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"" },
	{ "\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80", "\"\xed\x9f\xbf\xee\x80\x80\"" },
	/* U+009B, which is ESC [ to some terminals */
	{ "x\xc2\x9b""2J", "x?2J", "\"x\\u009b2J\"" },
	/* bytes that begin nothing, and beginnings without an end */
	{ "a\x80""b", "a?b", "\"a\\ufffdb\"" },
	{ "\xff\xfe", "??", "\"\\ufffd\\ufffd\"" },
	{ "\xf8\x88\x80\x80\x80", "?????", "\"\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "a\xc3", "a?", "\"a\\ufffd\"" },
	{ "\xe2\x82", "??", "\"\\ufffd\\ufffd\"" },
	{ "\xe2\x82\"", "??\"", "\"\\ufffd\\ufffd\\\"\"" },
	{ "\xf0\x9f\x98", "???", "\"\\ufffd\\ufffd\\ufffd\"" },
	/* longer than it needs to be, half of a pair, beyond the last */
	{ "\xc0\xaf", "??", "\"\\ufffd\\ufffd\"" },
	{ "\xc1\xbf", "??", "\"\\ufffd\\ufffd\"" },
	{ "\xe0\x9f\xbf", "???", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xf0\x8f\xbf\xbf", "????", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	{ "\xed\xa0\x80", "???", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xed\xbf\xbf", "???", "\"\\ufffd\\ufffd\\ufffd\"" },
	{ "\xf4\x90\x80\x80", "????", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	/* clang-format on */
};

/* The text in memory of its own, behind which nothing may be read. */
static void check(void (*print)(FILE *stream, const char *text), const char *text,
		  const char *expected)
{
	char *copy = strdup(text), *printed = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&printed, &size);

	assert_non_null(copy);
	assert_non_null(stream);
	print(stream, copy);
	assert_int_equal(fclose(stream), 0);

	assert_string_equal(printed, expected);
	free(printed);
	free(copy);
}

static void people_get_no_control_character_and_no_half_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(foreign_text_print, cases[i].text, cases[i].plain);
}

static void json_string_is_always_valid(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(foreign_text_print_json, cases[i].text, cases[i].json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_get_no_control_character_and_no_half_one),
		cmocka_unit_test(json_string_is_always_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
