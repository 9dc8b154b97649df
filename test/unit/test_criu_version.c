/* SPDX-License-Identifier: GPL-2.0-only */
#include "doctor/criu_version.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void versions_are_read(void **state)
{
	static const struct {
		const char *text;
		struct criu_version expected;
	} cases[] = {
		{ "Version: 4.2.1\n", { 4, 2, 1 } },
		{ "Version: 4.3\nGitID: v4.3-1\n", { 4, 3, 0 } },
		{ "Version: 3.17.1", { 3, 17, 1 } },
		{ "Version: 4.1-rc1\n", { 4, 1, 0 } },
		{ "Version: 10.0.0.1\n", { 10, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct criu_version version;

		assert_int_equal(criu_version_parse(cases[i].text, &version), 0);
		assert_int_equal(version.major, cases[i].expected.major);
		assert_int_equal(version.minor, cases[i].expected.minor);
		assert_int_equal(version.sublevel, cases[i].expected.sublevel);
		assert_true(criu_version_is_known(&version));
	}
}

static void what_is_no_version_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"4.2.1\n",
		"version: 4.2.1\n",
		"Version: \n",
		"Version: four\n",
		"Version: 4\n",
		"Version: 4.\n",
		"Version: .2\n",
		"Version: -4.2\n",
		"Version: 4.2.\n",
		"Version: 4.2x\n",
		"Version: 4.99999\n",
		"Version: 18446744073709551620.0\n",
	};
	struct criu_version version = { 1, 2, 3 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(criu_version_parse(texts[i], &version), -EBADMSG);
	assert_int_equal(version.sublevel, 3);
}

static void a_version_reaches_those_before_it(void **state)
{
	const struct criu_version none = { 0 }, version = { 4, 2, 1 };

	(void)state;
	assert_true(criu_version_reaches(&version, 4, 0));
	assert_true(criu_version_reaches(&version, 4, 2));
	assert_true(criu_version_reaches(&version, 3, 17));
	assert_false(criu_version_reaches(&version, 4, 3));
	assert_false(criu_version_reaches(&version, 5, 0));
	assert_false(criu_version_reaches(&none, 4, 0));
	assert_false(criu_version_is_known(&none));
}

static void limits_are_those_that_each_version_has(void **state)
{
	static const struct {
		struct criu_version version;
		struct plugin_limits expected;
	} cases[] = {
		{ { 4, 0, 0 }, { 0x200, 12 } }, { { 4, 1, 1 }, { 0x200, 12 } },
		{ { 4, 2, 1 }, { 0x200, 13 } }, { { 4, 3, 0 }, { 0x300, 17 } },
		{ { 5, 0, 0 }, { 0x300, 17 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct plugin_limits limits =
			criu_version_limits(&cases[i].version);

		assert_int_equal(limits.version, cases[i].expected.version);
		assert_int_equal(limits.hooks, cases[i].expected.hooks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_read),
		cmocka_unit_test(what_is_no_version_is_refused),
		cmocka_unit_test(a_version_reaches_those_before_it),
		cmocka_unit_test(limits_are_those_that_each_version_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
