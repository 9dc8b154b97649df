/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What drivers say of their version, and files that are none of theirs.
 */
#include "driver_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text; /* NULL: no such file */
	const char *version;
	unsigned long major;
} cases[] = {
	{ "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release "
	  "Build  (dvs-builder@U22)  Mon Aug 25 19:06:29 UTC 2025\n"
	  "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14+deb12u1) \n",
	  "580.159.04", 580 },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 "
	  "22:23:56 UTC 2024\n",
	  "550.54.15", 550 },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  610.43  Tue Mar  5\n",
	  "610.43", 610 },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  1000.1\n", "1000.1", 1000 },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  609.99.99  610.1\n",
	  "609.99.99", 609 },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  61.0\n", "61.0", 61 },
	{ "NVRM version: 610.1", "610.1", 610 },
	{ "GCC version:  gcc version 700.2.0\nNVRM version: x 580.1\n", "580.1", 580 },
	{ "GCC version:  gcc version 700.2.0\n", "", 0 },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  610\n", "", 0 },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  v610.1\n", "", 0 },
	{ "NVRM version: NVIDIA UNIX x86_64 Kernel Module  610.1-beta\n", "", 0 },
	{ "NVRM version: 610.1234567890123456789012345678\n", "", 0 },
	{ "NVRM version: 99999999999999999999999.1\n", "", 0 },
	{ "NVRM version: .610.1 ..\n", "", 0 },
	{ "NVRM version:\n", "", 0 },
	{ "", "", 0 },
	{ NULL, "", 0 },
};

static void only_what_is_a_version_is_one(void **state)
{
	char path[] = "/tmp/test_driver_version.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = cases[i].text ? cases[i].text : "";
		char version[DRIVER_VERSION_SIZE] = "before";

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
		if (!cases[i].text)
			unlink(path);

		assert_int_equal(driver_version_read(path, version), cases[i].major);
		assert_string_equal(version, cases[i].version);
	}
	close(fd);
}

static void what_cannot_be_read_has_none(void **state)
{
	char version[DRIVER_VERSION_SIZE] = "before";

	(void)state;
	assert_int_equal(driver_version_read("/", version), 0); /* it opens */
	assert_string_equal(version, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_a_version_is_one),
		cmocka_unit_test(what_cannot_be_read_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
