/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which checks the doctor makes of what, and how bad each may be. The checks are fakes.
 */
#include "doctor/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/examination.h"

/* What each of them finds, and what it was given. */
static enum grade grade;
static const char *libdir;
static const struct inspection *seen;

static void find(const struct examination *examination, struct diagnosis *ret_diagnosis)
{
	assert_ptr_equal(examination->libdir, libdir);
	seen = examination->images;
	diagnosis_find(ret_diagnosis, grade, "found");
}

#define FAKE(name)                                                                  \
	void name(struct examination *examination, struct diagnosis *ret_diagnosis) \
	{                                                                           \
		find(examination, ret_diagnosis);                                   \
	}

/* clang-format off */
FAKE(check_images)
FAKE(check_dump_driver)
FAKE(check_restore_memory)
FAKE(check_options)
FAKE(check_criu)
FAKE(check_criu_kernel)
FAKE(check_plugin)
FAKE(check_utility)
FAKE(check_driver)
FAKE(check_library)
FAKE(check_gpus)
FAKE(check_persistence)
FAKE(check_mig)
FAKE(check_mps)
FAKE(check_rights)
FAKE(check_kernel)
FAKE(check_memory)
FAKE(check_tree)
FAKE(check_hands)
FAKE(check_state)
FAKE(check_restore_thread)
FAKE(check_sharing)
FAKE(check_memory_needed)
/* clang-format on */

/* In place of inspection.c. */
enum inventory_need inspection_need(const struct inspection *inspection)
{
	return inspection->need;
}

/* Each check, with the first letter of its grade: "criu e, rights w". */
static void list(const struct diagnoses *diagnoses, char text[512])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < diagnoses->count; i++)
		length += (size_t)snprintf(text + length, 512 - length, "%s%s %c",
					   length ? ", " : "", diagnoses->at[i].check,
					   grade_name(diagnoses->at[i].grade)[0]);
}

static void assert_machine(pid_t pid, const char *expected)
{
	struct diagnoses diagnoses;
	char text[512];

	doctor_examine(pid, libdir, &diagnoses);
	list(&diagnoses, text);
	assert_string_equal(text, expected);
	assert_null(seen);
}

static void assert_restore(enum inventory_need need, const char *expected)
{
	const struct inspection images = { .need = need };
	struct diagnoses diagnoses;
	char text[512];

	doctor_examine_restore(&images, libdir, &diagnoses);
	list(&diagnoses, text);
	assert_string_equal(text, expected);
	assert_ptr_equal(seen, &images);
}

static int set_up(void **state)
{
	(void)state;
	grade = GRADE_ERROR;
	libdir = "/plugins";
	seen = NULL;
	return 0;
}

#define MACHINE                                                                       \
	"options e, criu e, criu check e, plugin e, utility e, driver e, library e, " \
	"GPUs e, persistence mode e, MIG e, MPS e, rights e, kernel e, memory e"

static void a_process_is_looked_at_if_one_is_named(void **state)
{
	(void)state;
	assert_machine(0, MACHINE);
	assert_machine(7, MACHINE ", tree e, in whose hands e, state e, restore threads "
				  "e, shared memory e, memory needed e");
}

static void images_with_gpu_processes_need_all(void **state)
{
	(void)state;
	assert_restore(INVENTORY_NEEDED,
		       "images e, options e, criu e, criu check w, plugin e, utility e, "
		       "driver e, driver of the dump e, library e, GPUs e, MIG e, rights "
		       "w, kernel e, memory e");
}

static void images_without_need_no_gpu(void **state)
{
	(void)state;
	assert_restore(INVENTORY_NOT_NEEDED,
		       "images e, criu e, criu check w, rights w, kernel e, memory e");
}

static void of_images_that_do_not_say_the_lack_of_a_gpu_is_a_warning(void **state)
{
	(void)state;
	assert_restore(INVENTORY_UNSET,
		       "images e, options w, criu e, criu check w, plugin w, utility w, "
		       "driver w, driver of the dump w, library w, GPUs w, MIG w, rights "
		       "w, kernel e, memory e");
}

static void no_check_is_made_worse_than_it_is(void **state)
{
	(void)state;
	grade = GRADE_OK;
	assert_restore(INVENTORY_NOT_NEEDED,
		       "images o, criu o, criu check o, rights o, kernel o, memory o");
	grade = GRADE_NONE;
	assert_restore(INVENTORY_NEEDED, "");
}

#define CASE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_process_is_looked_at_if_one_is_named),
		CASE(images_with_gpu_processes_need_all),
		CASE(images_without_need_no_gpu),
		CASE(of_images_that_do_not_say_the_lack_of_a_gpu_is_a_warning),
		CASE(no_check_is_made_worse_than_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
