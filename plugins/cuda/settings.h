/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the user's options come to, on this machine and under this CRIU.
 *
 * Options come from the environment, CRIU_CUDA_PLUGIN_OPTIONS, and count more where they
 * come from CRIU's command line. CRIU_FAULT=138, with which CRIU's own tests run a CUDA
 * plugin without a GPU, is one too. Logs failures.
 */
#pragma once

#include <stdbool.h>

#include "cleanup.h"
#include "offload.h"
#include "options.h"
#include "survey.h"
#include "tool.h"

struct settings {
	struct options options;
	struct survey_policy policy;
	struct offload offload;
	struct tool tool;  /* has pointers into this struct */
	unsigned int runs; /* of the utility */
};

/*
 * Read the options and make all settings. No GPU memory goes into images of its own yet.
 *
 * Return: 0; -EINVAL for an option that is not known, or has a bad value; another -errno.
 */
int settings_read(struct settings *settings) must_check;

/*
 * For a dump: have GPU memory go into images of its own, if the options say so and CRIU's
 * image directory is one for that.
 *
 * Return: 0; -errno of image_place.h if it is not, and images were asked for.
 */
int settings_want_images(struct settings *settings) must_check;
