/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where what is seen is shown, on stdout: on a terminal one line that is drawn again,
 * elsewhere a line after the other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct display {
	bool is_terminal;
	int64_t interval_ms; /* between two lines */
};

/* @interval_s 0: what is good there. */
void display_init(struct display *display, unsigned int interval_s);

/* Show @line, which is cut to the room there is. */
void display_show(const struct display *display, char *line);

/* Show @line, the last one, which stays. */
void display_end(const struct display *display, const char *line);

/* Cut @line to @columns bytes at most, and not in the middle of a character. */
void display_cut(char *line, size_t columns);

/* Wait until it is time for the next line, or @is_over says that nothing more comes. */
void display_nap(const struct display *display, bool (*is_over)(void *subject),
		 void *subject);
