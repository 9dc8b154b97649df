/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watch a dump or a restore from outside: how far it is, until it has ended.
 *
 * Only reads files and /proc; nobody is asked, stopped or traced. On a terminal it is one
 * line that is drawn again, elsewhere a line every few seconds.
 */
#pragma once

#include "cleanup.h"

enum watch_end {
	WATCH_DONE,    /* it has ended, and CRIU's log says that all went well */
	WATCH_FAILED,  /* the same, and that it failed */
	WATCH_UNKNOWN, /* it has ended, and nothing says how */
};

struct watch_order {
	const char *place;	 /* a directory of images; digits alone are a pid */
	unsigned int interval_s; /* 0: what is good */
};

/*
 * Watch until the end, and print it. Return: an enum watch_end; -errno, reported on
 * stderr, if there is nothing to watch: -ESRCH if nobody is at work there.
 */
int watch_work(const struct watch_order *order) must_check;
