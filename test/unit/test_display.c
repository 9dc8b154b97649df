/* SPDX-License-Identifier: GPL-2.0-only */
#include "watch/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "clock.h"

static void no_character_is_cut_in_two(void **state)
{
	char text[] = "ab\xc3\xa4\xc3\xa4";

	(void)state;
	display_cut(text, 100);
	assert_string_equal(text, "ab\xc3\xa4\xc3\xa4");
	display_cut(text, 5);
	assert_string_equal(text, "ab\xc3\xa4");
	display_cut(text, 3);
	assert_string_equal(text, "ab");
	display_cut(text, 0);
	assert_string_equal(text, "");
}

static void elsewhere_it_is_a_line_after_the_other(void **state)
{
	char first[] = "one", second[] = "two";
	struct display display;
	struct capture said;

	(void)state;
	capture_begin(&said, stdout);
	display_init(&display, 0);
	display_show(&display, first);
	display_show(&display, second);
	display_end(&display, "end");
	capture_end(&said);

	assert_false(display.is_terminal);
	assert_int_equal(display.interval_ms, 5000);
	assert_string_equal(said.text, "one\ntwo\nend\n");
}

static void the_interval_is_what_was_asked_for(void **state)
{
	struct display display;

	(void)state;
	display_init(&display, 3600);
	assert_int_equal(display.interval_ms, 3600000);
}

static bool is_over_after(void *subject)
{
	unsigned int *looks = subject;

	return *looks == 0 || --*looks == 0;
}

static void nap_ends_when_it_is_over(void **state)
{
	const struct display display = { .interval_ms = 60000 };
	const int64_t began_ms = clock_ms();
	unsigned int looks = 3;

	(void)state;
	display_nap(&display, is_over_after, &looks);
	assert_int_equal(looks, 0);
	assert_true(clock_ms() - began_ms < 30000);
}

static void nap_ends_when_it_is_time(void **state)
{
	const struct display display = { .interval_ms = 150 };
	const int64_t began_ms = clock_ms();
	unsigned int looks = 1000000;

	(void)state;
	display_nap(&display, is_over_after, &looks);
	assert_true(looks > 0);
	assert_true(clock_ms() - began_ms >= 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_character_is_cut_in_two),
		cmocka_unit_test(elsewhere_it_is_a_line_after_the_other),
		cmocka_unit_test(the_interval_is_what_was_asked_for),
		cmocka_unit_test(nap_ends_when_it_is_over),
		cmocka_unit_test(nap_ends_when_it_is_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
