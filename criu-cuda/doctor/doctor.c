/* SPDX-License-Identifier: GPL-2.0-only */
#include "doctor.h"

#include <stdlib.h>

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

static void make_checks(const struct check *checks, size_t count,
			struct examination *examination, struct diagnoses *diagnoses)
{
	for (size_t i = 0; i < count; i++) {
		struct diagnosis *diagnosis = &diagnoses->at[diagnoses->count];

		*diagnosis = (struct diagnosis){ .check = checks[i].name };
		checks[i].look(examination, diagnosis);
		diagnoses->count += diagnosis->grade != GRADE_NONE;
	}
}

void examination_release(struct examination *examination)
{
	free(examination->patient.tree);
	free(examination->patient.cuda);
	examination->patient = (struct patient){ .pid = 0 };
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
