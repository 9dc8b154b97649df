/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture.h"
#include "device_pairs.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define A	      "00112233-4455-6677-8899-aabbccddeeff"
#define B	      "FFEEDDCC-BBAA-9988-7766-554433221100"

static const unsigned char a[] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
				   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
static const unsigned char b[] = { 0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88,
				   0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x00 };

static void uuids_are_read_with_and_without_their_prefix(void **state)
{
	struct device_pairs map;

	(void)state;
	assert_int_equal(device_pairs_parse("GPU-" A "=" B "," B "=GPU-" A, &map), 0);

	assert_int_equal(map.count, 2);
	assert_memory_equal(map.pairs[0].from, a, sizeof(a));
	assert_memory_equal(map.pairs[0].to, b, sizeof(b));
	assert_memory_equal(map.pairs[1].from, b, sizeof(b));
	assert_memory_equal(map.pairs[1].to, a, sizeof(a));
	device_pairs_release(&map);
	assert_null(map.pairs);
}

static const struct {
	const char *text;
	const char *pair; /* the one that is named */
} bad[] = {
	{ "", "" },
	{ "=", "=" },
	{ A, A },
	{ A "=", A "=" },
	{ "=" A, "=" A },
	{ A "=" B ",", "" },
	{ "," A "=" B, "" },
	{ A "=" B "," A ":" B, A ":" B },
	{ A "=" B "=" A, A "=" B "=" A },
	{ A "=" B "0", A "=" B "0" },
	{ A " =" B, A " =" B },
	{ A "=MIG-" B, A "=MIG-" B },
	{ A "=GPU-GPU-" B, A "=GPU-GPU-" B },
	{ A "=gpu-" B, A "=gpu-" B },
	{ A "=00112233445566778899aabbccddeeff", A "=00112233445566778899aabbccddeeff" },
	{ A "=0011223-34455-6677-8899-aabbccddeeff",
	  A "=0011223-34455-6677-8899-aabbccddeeff" },
	{ A "=g0112233-4455-6677-8899-aabbccddeeff",
	  A "=g0112233-4455-6677-8899-aabbccddeeff" },
	{ "0=1", "0=1" },
};

static void the_first_bad_pair_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct device_pairs untouched = { .count = 4711 };
		struct capture said;
		char expected[200];
		int ret;

		snprintf(expected, sizeof(expected),
			 "cuda-checkpoint: invalid pair \"%s\" in the device map",
			 bad[i].pair);
		capture_begin(&said, stderr);
		ret = device_pairs_parse(bad[i].text, &untouched);
		capture_end(&said);

		if (ret != -EINVAL || strncmp(said.text, expected, strlen(expected)) != 0)
			fail_msg("\"%s\": %d, %s", bad[i].text, ret, said.text);
		assert_int_equal(untouched.count, 4711);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uuids_are_read_with_and_without_their_prefix),
		cmocka_unit_test(the_first_bad_pair_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
