/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is seen, as one line for people.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "pace.h"
#include "scene.h"

#define VIEW_SIZE 512

/* What the line is made of. */
struct view {
	const struct scene *scene;
	const struct pace *pace; /* of the image at hand, or of CRIU's pages */
	const char *log_line;	 /* the last of the plugin; "": none */
	uint64_t seconds;	 /* since it was first seen */
	bool has_bar;		 /* it is for a terminal, where there is less room */
};

/* The line, without an end; text of others in it is harmless. */
void view_describe(const struct view *view, char ret_line[VIEW_SIZE]);
