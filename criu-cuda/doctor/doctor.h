/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "criu-cuda doctor": what would make a dump or a restore fail, seen before one does.
 *
 * Looks at the machine, and at a process and those below it. Changes nothing, works
 * without a GPU, a driver or CRIU, and never hangs: whatever it runs has a deadline. Does
 * not log.
 */
#pragma once

#include <sys/types.h>

#include "diagnosis.h"

struct inspection;

/*
 * Make all checks, of the machine; and of the process @pid unless that is 0. @libdir is
 * the directory of plugins that CRIU is given with --libdir, or NULL.
 */
void doctor_examine(pid_t pid, const char *libdir, struct diagnoses *ret_diagnoses);

/*
 * Make those checks that a restore of @images on this machine depends on: those of GPUs
 * only if the images need one. GRADE_ERROR: they cannot be restored here, as far as this
 * caller can see, for whom it is a warning that he may not do it himself.
 */
void doctor_examine_restore(const struct inspection *images, const char *libdir,
			    struct diagnoses *ret_diagnoses);
