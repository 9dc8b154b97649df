/* SPDX-License-Identifier: GPL-2.0-only */
#include "finding.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void check(const struct finding *finding, const char *file, enum verdict verdict,
		  const char *reason)
{
	assert_string_equal(finding->file, file);
	assert_int_equal(finding->verdict, verdict);
	assert_string_equal(finding->reason, reason);
}

static void each_error_of_an_image_has_its_verdict(void **state)
{
	static const struct {
		int error;
		enum verdict verdict;
		const char *name;
	} cases[] = {
		{ -ENOENT, VERDICT_MISSING, "missing" },
		{ -ENODATA, VERDICT_INCOMPLETE, "incomplete" },
		{ -EBADMSG, VERDICT_DAMAGED, "damaged" },
		{ -EPROTONOSUPPORT, VERDICT_UNKNOWN, "unknown" },
		{ -EACCES, VERDICT_UNREADABLE, "unreadable" },
		{ -EIO, VERDICT_UNREADABLE, "unreadable" },
		{ -ENOMEM, VERDICT_UNREADABLE, "unreadable" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct finding finding;

		finding_of_image(7, cases[i].error, "cuda-memory-7.img: why", &finding);

		check(&finding, "cuda-memory-7.img", cases[i].verdict, "why");
		assert_string_equal(verdict_name(finding.verdict), cases[i].name);
	}
}

static void good_image_needs_no_reason(void **state)
{
	struct finding finding;

	(void)state;
	finding_of_image(2147483647, 0, "of before", &finding);

	check(&finding, "cuda-memory-2147483647.img", VERDICT_GOOD, "");
}

static void only_the_name_of_the_file_is_left_out_of_a_reason(void **state)
{
	struct finding finding;

	(void)state;
	finding_of_image(7, -ENOMEM, "there is no memory", &finding);
	assert_string_equal(finding.reason, "there is no memory");
	finding_of_image(7, -ENOMEM, "cuda-memory-71.img: x", &finding);
	assert_string_equal(finding.reason, "cuda-memory-71.img: x");
	finding_of_image(7, -ENOMEM, "", &finding);
	assert_string_equal(finding.reason, "");
}

static void part_is_incomplete(void **state)
{
	struct finding finding;

	(void)state;
	finding_of_part(2147483647, &finding);

	assert_string_equal(finding.file, "cuda-memory-2147483647.img.part");
	assert_int_equal(finding.verdict, VERDICT_INCOMPLETE);
	assert_true(strlen(finding.reason) > 0);
}

static void inventory_is_good_unless_it_denies_the_images(void **state)
{
	static const struct {
		int error;
		enum inventory_need need;
		size_t images;
		enum verdict verdict;
	} cases[] = {
		{ 0, INVENTORY_NEEDED, 0, VERDICT_GOOD },
		{ 0, INVENTORY_NEEDED, 2, VERDICT_GOOD },
		{ 0, INVENTORY_UNSET, 2, VERDICT_GOOD },
		{ 0, INVENTORY_NOT_NEEDED, 0, VERDICT_GOOD },
		{ 0, INVENTORY_NOT_NEEDED, 1, VERDICT_WRONG },
		{ -ENOENT, INVENTORY_UNSET, 1, VERDICT_MISSING },
		{ -EBADMSG, INVENTORY_UNSET, 1, VERDICT_DAMAGED },
		{ -EACCES, INVENTORY_NOT_NEEDED, 1, VERDICT_UNREADABLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct finding finding;

		finding_of_inventory(cases[i].error, cases[i].need, false,
				     cases[i].images, &finding);

		assert_string_equal(finding.file, "inventory.img");
		assert_int_equal(finding.verdict, cases[i].verdict);
		assert_int_equal(finding.reason[0] == '\0',
				 cases[i].verdict == VERDICT_GOOD);
	}
}

static void what_an_inventory_says_differs(void **state)
{
	(void)state;
	assert_string_equal(finding_need_text(INVENTORY_NEEDED),
			    "cuda_plugin is needed for a restore");
	assert_string_equal(finding_need_text(INVENTORY_NOT_NEEDED),
			    "cuda_plugin is not needed for a restore");
	assert_string_equal(finding_need_text(INVENTORY_UNSET),
			    "does not say whether cuda_plugin is needed for a restore");
}

static void lines_are_aligned(void **state)
{
	struct capture printed;
	struct finding finding;

	(void)state;
	finding_of_image(7, -EBADMSG, "cuda-memory-7.img: why", &finding);
	capture_begin(&printed, stdout);
	finding_print(stdout, &finding);
	finding_print_good(stdout, "cuda-memory-8.img", "1.0 MiB");
	capture_end(&printed);

	assert_string_equal(printed.text, "damaged     cuda-memory-7.img: why\n"
					  "good        cuda-memory-8.img: 1.0 MiB\n");
}

static void images_that_are_needed_and_not_there_are_missing(void **state)
{
	struct finding finding;

	(void)state;
	finding_of_inventory(0, INVENTORY_NEEDED, true, 0, &finding);
	assert_int_equal(finding.verdict, VERDICT_MISSING);
	finding_of_inventory(0, INVENTORY_NEEDED, true, 1, &finding);
	assert_int_equal(finding.verdict, VERDICT_GOOD);
	finding_of_inventory(-EBADMSG, INVENTORY_UNSET, true, 0, &finding);
	assert_int_equal(finding.verdict, VERDICT_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_that_are_needed_and_not_there_are_missing),
		cmocka_unit_test(each_error_of_an_image_has_its_verdict),
		cmocka_unit_test(good_image_needs_no_reason),
		cmocka_unit_test(only_the_name_of_the_file_is_left_out_of_a_reason),
		cmocka_unit_test(part_is_incomplete),
		cmocka_unit_test(inventory_is_good_unless_it_denies_the_images),
		cmocka_unit_test(what_an_inventory_says_differs),
		cmocka_unit_test(lines_are_aligned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
