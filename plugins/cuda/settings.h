/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the user's options come to, on this machine and under this CRIU.
 *
 * Options come from the environment, CRIU_CUDA_PLUGIN_OPTIONS, and count more where they
 * come from CRIU's command line. CRIU_FAULT=138, with which CRIU's own tests run a CUDA
 * plugin without a GPU, is one too. Logs failures.
 */
#pragma once

#include "cleanup.h"
#include "options.h"
#include "survey.h"
#include "tool.h"

struct settings {
	struct options options;
	struct survey_policy policy;
	struct tool tool;  /* has pointers into this struct */
	unsigned int runs; /* of the utility */
};

/*
 * Read the options and make all settings.
 *
 * Return: 0; -EINVAL for an option that is not known, or has a bad value; another -errno.
 */
int settings_read(struct settings *settings) must_check;
