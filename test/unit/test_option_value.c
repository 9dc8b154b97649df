/* SPDX-License-Identifier: GPL-2.0-only */
#include "option_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *value;
	unsigned int ms;
} good_timeouts[] = {
	{ "0", 0 },
	{ "0.0", 0 },
	{ "0.000", 0 },
	{ "0.001", 1 },
	{ "0.01", 10 },
	{ "0.1", 100 },
	{ "0.5", 500 },
	{ "1.25", 1250 },
	{ "007", 7000 },
	{ "10", 10000 },
	{ "00000000000000000000000000000001", 1000 },
	{ "4294967", 4294967000u },
	{ "4294967.295", 4294967295u },
};

static const char *const bad_timeouts[] = {
	"",
	" 1",
	"1 ",
	"-1",
	"-0",
	"+1",
	"1.",
	".5",
	".",
	"1..5",
	"1.5.5",
	"0.0005",
	"0.0000",
	"1.2345",
	"1,5",
	"1e3",
	"0x10",
	"1s",
	"1 0",
	"a",
	"1a",
	"nan",
	"inf",
	"4294967.296",
	"4294968",
	"4294967295",
	"4294967296",
	"18446744073709551615",
	"18446744073709551616",
	"18446744073709552616",
	"99999999999999999999999999999999999999999999999999999999",
};

static void timeout_is_read_to_the_millisecond(void **state)
{
	unsigned int ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_timeouts); i++) {
		ms = 4711;
		assert_true(option_value_ms(good_timeouts[i].value, &ms));
		assert_int_equal(ms, good_timeouts[i].ms);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_timeouts); i++) {
		ms = 4711;
		assert_false(option_value_ms(bad_timeouts[i], &ms));
		assert_int_equal(ms, 4711);
	}
}

static const struct {
	const char *word;
	bool on;
} good_bools[] = {
	{ "on", true },	  { "yes", true }, { "1", true },  { "true", true },
	{ "off", false }, { "no", false }, { "0", false }, { "false", false },
};

static const char *const bad_bools[] = { "", "On", "2", "yess", "o", " on", "on " };

static void bool_understands_four_ways_to_say_it(void **state)
{
	bool on;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_bools); i++) {
		on = !good_bools[i].on;
		assert_true(option_value_bool(good_bools[i].word, &on));
		assert_int_equal(on, good_bools[i].on);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_bools); i++)
		for (int before = 0; before < 2; before++) {
			on = before;
			assert_false(option_value_bool(bad_bools[i], &on));
			assert_int_equal(on, before);
		}
}

static const struct {
	const char *value;
	unsigned int number;
} good_numbers[] = {
	{ "1", 1 },
	{ "2", 2 },
	{ "8", 8 },
	{ "0064", 64 },
	{ "65535", 65535 },
	{ "65536", 65536 },
	{ "00000000000000000000000000000001", 1 },
};

static const char *const bad_numbers[] = {
	"",
	"0",
	"00",
	"-1",
	"-0",
	"+1",
	"1.0",
	"1,5",
	"0x10",
	"1e3",
	"8 8",
	"a",
	"8a",
	"all",
	"65537",
	"100000",
	"655360",
	"4294967297",
	"\xd9\xa1",
	"18446744073709551617",
	"99999999999999999999999999999999",
};

static void number_is_of_digits_and_within_its_bound(void **state)
{
	unsigned int number;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_numbers); i++) {
		number = 4711;
		assert_true(option_value_number(good_numbers[i].value, 65536, &number));
		assert_int_equal(number, good_numbers[i].number);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_numbers); i++) {
		number = 4711;
		assert_false(option_value_number(bad_numbers[i], 65536, &number));
		assert_int_equal(number, 4711);
	}
	assert_true(option_value_number("1", 1, &number));
	assert_false(option_value_number("2", 1, &number));
}

static const struct {
	const char *value;
	uint64_t bytes;
} good_bytes[] = {
	{ "1", 1 },
	{ "007", 7 },
	{ "4096", 4096 },
	{ "1K", 1024 },
	{ "10M", 10 << 20 },
	{ "24G", UINT64_C(24) << 30 },
	{ "1T", UINT64_C(1) << 40 },
	{ "18446744073709551615", UINT64_MAX },
	{ "18014398509481983K", UINT64_MAX - 1023 },
	{ "16777215T", UINT64_MAX - (UINT64_C(1) << 40) + 1 },
	{ "000000000000000000000000000000000001G", UINT64_C(1) << 30 },
};

static const char *const bad_bytes[] = {
	"",
	"0",
	"0G",
	"-1",
	"+1",
	" 1",
	"1 ",
	"1 G",
	"G",
	"1.5G",
	"1g",
	"1k",
	"1KB",
	"1KiB",
	"1GG",
	"1B",
	"1P",
	"1G1",
	"0x10",
	"1e9",
	"max",
	"18446744073709551616",
	"184467440737095516150",
	"99999999999999999999999999999999",
	"18014398509481984K",
	"17592186044416M",
	"17179869184G",
	"16777216T",
};

static void bytes_are_a_number_with_a_unit_or_without(void **state)
{
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_bytes); i++) {
		bytes = 4711;
		assert_true(option_value_bytes(good_bytes[i].value, &bytes));
		assert_true(bytes == good_bytes[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad_bytes); i++) {
		bytes = 4711;
		if (option_value_bytes(bad_bytes[i], &bytes))
			fail_msg("\"%s\" is taken", bad_bytes[i]);
		assert_true(bytes == 4711);
	}
}

static void path_is_absolute_or_a_name(void **state)
{
	static const char *const good[] = { "/", "/a", "a", "..", "/a b/c=d", "/../x" };
	static const char *const bad[] = { "", "./a", "a/b", "a/", "a\033b", "/a\nb" };
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(option_value_path(good[i], path));
		assert_string_equal(path, good[i]);
	}
	snprintf(path, sizeof(path), "untouched");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(option_value_path(bad[i], path));
		assert_string_equal(path, "untouched");
	}
}

static void path_has_room_for_all_but_its_end(void **state)
{
	char text[PATH_MAX + 1], path[PATH_MAX];

	(void)state;
	memset(text, 'p', PATH_MAX);
	text[PATH_MAX] = '\0';
	assert_false(option_value_path(text, path));

	text[PATH_MAX - 1] = '\0';
	assert_true(option_value_path(text, path));
	assert_string_equal(path, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeout_is_read_to_the_millisecond),
		cmocka_unit_test(bool_understands_four_ways_to_say_it),
		cmocka_unit_test(number_is_of_digits_and_within_its_bound),
		cmocka_unit_test(bytes_are_a_number_with_a_unit_or_without),
		cmocka_unit_test(path_is_absolute_or_a_name),
		cmocka_unit_test(path_has_room_for_all_but_its_end),
	};

	return cmocka_run_group_tests_name("option_value", tests, NULL, NULL);
}
