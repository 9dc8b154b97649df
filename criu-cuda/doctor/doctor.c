/* SPDX-License-Identifier: GPL-2.0-only */
#include "doctor.h"

#include "examination.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct check {
	const char *name;
	examine look;
};

static const struct check of_machine[] = {
	{ "options", check_options },
	{ "criu", check_criu },
	{ "criu check", check_criu_kernel },
	{ "plugin", check_plugin },
	{ "utility", check_utility },
	{ "driver", check_driver },
	{ "library", check_library },
	{ "GPUs", check_gpus },
	{ "persistence mode", check_persistence },
	{ "MIG", check_mig },
	{ "MPS", check_mps },
	{ "rights", check_rights },
	{ "kernel", check_kernel },
	{ "memory", check_memory },
};

static const struct check of_process[] = {
	{ "tree", check_tree },
	{ "in whose hands", check_hands },
	{ "state", check_state },
	{ "restore threads", check_restore_thread },
	{ "shared memory", check_sharing },
	{ "memory needed", check_memory_needed },
};

_Static_assert(ARRAY_SIZE(of_machine) + ARRAY_SIZE(of_process) <= DIAGNOSES_MAX,
	       "there is room for each");

/* What a restore of images depends on. */
static const struct restore_check {
	struct check check;
	bool is_of_gpus;    /* it says nothing to images that need none */
	enum grade at_most; /* however bad it finds it */
} of_restore[] = {
	{ { "images", check_images }, false, GRADE_ERROR },
	{ { "options", check_options }, true, GRADE_ERROR },
	{ { "criu", check_criu }, false, GRADE_ERROR },
	/* What CRIU misses of the kernel these images may not need. */
	{ { "criu check", check_criu_kernel }, false, GRADE_WARNING },
	{ { "plugin", check_plugin }, true, GRADE_ERROR },
	{ { "utility", check_utility }, true, GRADE_ERROR },
	{ { "driver", check_driver }, true, GRADE_ERROR },
	{ { "driver of the dump", check_dump_driver }, true, GRADE_ERROR },
	{ { "library", check_library }, true, GRADE_ERROR },
	{ { "GPUs", check_gpus }, true, GRADE_ERROR },
	{ { "MIG", check_mig }, true, GRADE_ERROR },
	/* Whoever may not restore them himself asks whether root can. */
	{ { "rights", check_rights }, false, GRADE_WARNING },
	{ { "kernel", check_kernel }, false, GRADE_ERROR },
	{ { "memory", check_restore_memory }, false, GRADE_ERROR },
};

_Static_assert(ARRAY_SIZE(of_restore) <= DIAGNOSES_MAX, "there is room for each");

static void make_check(const struct check *check, enum grade at_most,
		       struct examination *examination, struct diagnoses *diagnoses)
{
	struct diagnosis *diagnosis = &diagnoses->at[diagnoses->count];

	*diagnosis = (struct diagnosis){ .check = check->name };
	check->look(examination, diagnosis);
	if (diagnosis->grade > at_most)
		diagnosis->grade = at_most;
	diagnoses->count += diagnosis->grade != GRADE_NONE;
}

static void make_checks(const struct check *checks, size_t count,
			struct examination *examination, struct diagnoses *diagnoses)
{
	for (size_t i = 0; i < count; i++)
		make_check(&checks[i], GRADE_ERROR, examination, diagnoses);
}

/* Where a GPU may be needed, or not, the lack of one is no failure. */
static void make_restore_check(const struct restore_check *restore,
			       struct examination *examination,
			       struct diagnoses *diagnoses)
{
	const enum inventory_need need = examination_need(examination);
	enum grade at_most = restore->at_most;

	if (restore->is_of_gpus && need == INVENTORY_NOT_NEEDED)
		return;
	if (restore->is_of_gpus && need == INVENTORY_UNSET)
		at_most = GRADE_WARNING;

	make_check(&restore->check, at_most, examination, diagnoses);
}

void doctor_examine(pid_t pid, const char *libdir, struct diagnoses *ret_diagnoses)
{
	struct examination examination = { .libdir = libdir, .patient = { .pid = pid } };

	ret_diagnoses->count = 0;
	make_checks(of_machine, ARRAY_SIZE(of_machine), &examination, ret_diagnoses);
	if (pid)
		make_checks(of_process, ARRAY_SIZE(of_process), &examination,
			    ret_diagnoses);
	examination_release(&examination);
}

void doctor_examine_restore(const struct inspection *images, const char *libdir,
			    struct diagnoses *ret_diagnoses)
{
	struct examination examination = { .libdir = libdir, .images = images };

	ret_diagnoses->count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(of_restore); i++)
		make_restore_check(&of_restore[i], &examination, ret_diagnoses);
	examination_release(&examination);
}
