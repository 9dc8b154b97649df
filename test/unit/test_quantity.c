/* SPDX-License-Identifier: GPL-2.0-only */
#include "quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define KIB	      1024ull
#define MIB	      (1024 * KIB)
#define GIB	      (1024 * MIB)

static void bytes_are_given_in_the_unit_that_fits(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 1, "1 B" },
		{ 1023, "1023 B" },
		{ 1024, "1.0 KiB" },
		{ 1536, "1.5 KiB" },
		{ 1023 * KIB, "1023.0 KiB" },
		{ MIB - 100, "1023.9 KiB" },
		{ MIB - 1, "1.0 MiB" },
		{ MIB, "1.0 MiB" },
		{ 64 * MIB, "64.0 MiB" },
		{ 80 * GIB, "80.0 GiB" },
		{ GIB - 1, "1.0 GiB" },
		{ 1024 * GIB, "1.0 TiB" },
		{ UINT64_MAX / 1024, "16.0 PiB" },
		{ UINT64_MAX, "16.0 EiB" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[QUANTITY_SIZE] = "";

		quantity_bytes(cases[i].bytes, text);

		assert_string_equal(text, cases[i].text);
	}
}

static void share_is_of_the_whole(void **state)
{
	static const struct {
		uint64_t part, whole;
		const char *text;
	} cases[] = {
		{ 0, 0, "-" },
		{ 5, 0, "-" },
		{ 0, 3, "0.0 %" },
		{ 1, 3, "33.3 %" },
		{ 3, 8, "37.5 %" },
		{ 3, 3, "100.0 %" },
		{ 8192, 4, "204800.0 %" },
		{ UINT64_MAX, UINT64_MAX, "100.0 %" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[QUANTITY_SIZE] = "";

		quantity_share(cases[i].part, cases[i].whole, text);

		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_given_in_the_unit_that_fits),
		cmocka_unit_test(share_is_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
