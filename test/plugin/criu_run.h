/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dump or restore that is under way, for the parts of the pretend CRIU.
 *
 * criu.c sets it, in the process that plays CRIU and in the test's own: the report is
 * memory that both share.
 */
#pragma once

#include "criu.h"

extern const struct criu *criu;
extern struct criu_report *report;

/* All of a stage of CRIU's, CR_PLUGIN_STAGE__..., from the plugin's init to its exit. */
void criu_run_stage(int stage, int image_dir);
