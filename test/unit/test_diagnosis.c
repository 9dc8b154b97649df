/* SPDX-License-Identifier: GPL-2.0-only */
#include "doctor/diagnosis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"

static struct diagnoses all;

static int set_up(void **state)
{
	(void)state;
	all = (struct diagnoses){ .count = 3 };
	all.at[0].check = "criu";
	all.at[1].check = "driver";
	all.at[2].check = "memory";
	diagnosis_find(&all.at[0], GRADE_OK, "version %d", 4);
	diagnosis_find(&all.at[1], GRADE_ERROR, "it says \"%s\"", "no\n\x9b");
	diagnosis_advise(&all.at[1], "try r%d", 570);
	diagnosis_find(&all.at[2], GRADE_WARNING, "little");
	return 0;
}

static void lines_have_the_grade_the_finding_and_the_remedy(void **state)
{
	struct capture printed;

	(void)state;
	capture_begin(&printed, stdout);
	diagnoses_print(stdout, &all);
	capture_end(&printed);

	assert_string_equal(printed.text, "ok       criu: version 4\n"
					  "error    driver: it says \"no??\"; try r570\n"
					  "warning  memory: little\n");
}

static void json_is_one_object_on_one_line(void **state)
{
	struct capture printed;

	(void)state;
	capture_begin(&printed, stdout);
	diagnoses_print_json(stdout, &all, 0);
	capture_end(&printed);

	assert_string_equal(
		printed.text,
		"{\"format\":1,\"pid\":null,\"verdict\":\"error\",\"checks\":["
		"{\"check\":\"criu\",\"verdict\":\"ok\",\"finding\":\"version 4\","
		"\"remedy\":null},"
		"{\"check\":\"driver\",\"verdict\":\"error\","
		"\"finding\":\"it says \\\"no\\u000a\\ufffd\\\"\",\"remedy\":\"try "
		"r570\"},"
		"{\"check\":\"memory\",\"verdict\":\"warning\",\"finding\":\"little\","
		"\"remedy\":null}]}\n");
}

static void json_names_the_process(void **state)
{
	const struct diagnoses none = { .count = 0 };
	struct capture printed;

	(void)state;
	capture_begin(&printed, stdout);
	diagnoses_print_json(stdout, &none, 4711);
	capture_end(&printed);

	assert_string_equal(
		printed.text,
		"{\"format\":1,\"pid\":4711,\"verdict\":\"ok\",\"checks\":[]}\n");
}

static void the_worst_of_all_counts(void **state)
{
	(void)state;
	assert_int_equal(diagnoses_worst(&all), GRADE_ERROR);
	all.at[1].grade = GRADE_OK;
	assert_int_equal(diagnoses_worst(&all), GRADE_WARNING);
	all.at[2].grade = GRADE_OK;
	assert_int_equal(diagnoses_worst(&all), GRADE_OK);
	all.count = 0;
	assert_int_equal(diagnoses_worst(&all), GRADE_OK);
}

static void a_new_finding_forgets_the_old_remedy(void **state)
{
	(void)state;
	diagnosis_find(&all.at[1], GRADE_OK, "well");
	assert_string_equal(all.at[1].finding, "well");
	assert_string_equal(all.at[1].remedy, "");
}

static void what_is_too_long_is_cut(void **state)
{
	char text[2 * DIAGNOSIS_SIZE];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	diagnosis_find(&all.at[0], GRADE_OK, "%s", text);
	diagnosis_advise(&all.at[0], "%s", text);
	assert_int_equal(strlen(all.at[0].finding), DIAGNOSIS_SIZE - 1);
	assert_int_equal(strlen(all.at[0].remedy), DIAGNOSIS_SIZE - 1);
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(lines_have_the_grade_the_finding_and_the_remedy),
		CASE(json_is_one_object_on_one_line),
		CASE(json_names_the_process),
		CASE(the_worst_of_all_counts),
		CASE(a_new_finding_forgets_the_old_remedy),
		CASE(what_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
